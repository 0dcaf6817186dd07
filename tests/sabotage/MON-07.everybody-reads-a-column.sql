-- object: public.unhealthy_metrics for anon
-- object: public.unhealthy_metrics for authenticated
grant select (count) on public.unhealthy_metrics to public;
