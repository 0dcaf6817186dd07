-- object: 20000000-0000-4000-8000-000000000003
-- object: 20000000-0000-4000-8000-000000000001
-- also: MON-08
alter table public.help_requests alter column status drop not null;
update public.help_requests set status = null
where id in ('20000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000003');
