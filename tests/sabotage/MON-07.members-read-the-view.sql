-- object: public.unhealthy_metrics for authenticated
create role readers;
grant select on public.unhealthy_metrics to authenticated;
