-- object: view public.unhealthy_metrics
drop view public.unhealthy_metrics;
