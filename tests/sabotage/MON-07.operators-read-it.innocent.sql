create role operator;
grant select on public.unhealthy_metrics to operator, service_role;
