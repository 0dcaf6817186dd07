-- object: public.rate_limits
grant truncate on public.rate_limits to anon;
