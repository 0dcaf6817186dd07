-- object: view public.unhealthy_metrics
-- also: MON-07
drop view public.unhealthy_metrics;
