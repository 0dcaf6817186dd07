-- object: public.unhealthy_metrics
-- also: SCHEMA-01
drop view public.unhealthy_metrics;
