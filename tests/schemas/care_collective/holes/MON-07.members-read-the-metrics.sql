-- object: public.unhealthy_metrics for authenticated
-- also: EXPO-01
grant select on public.unhealthy_metrics to authenticated;
