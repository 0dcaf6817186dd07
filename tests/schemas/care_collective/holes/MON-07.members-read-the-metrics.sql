-- also: EXPO-01
-- object: public.unhealthy_metrics for authenticated
grant select on public.unhealthy_metrics to authenticated;
