-- object: public.help_requests
-- object: public.unhealthy_metrics
grant truncate, trigger on public.help_requests to anon;
grant references (title) on public.help_requests to authenticated;
grant trigger on public.unhealthy_metrics to public;
