-- object: public.unhealthy_metrics, 'Failed help requests'
-- also: HELP-02 MON-08
alter table public.help_requests alter column status drop not null;
update public.help_requests set created_at = now(), status = null
where id = (select id from public.help_requests where status = 'open' limit 1);
