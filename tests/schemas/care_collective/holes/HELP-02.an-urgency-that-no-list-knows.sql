-- object: 20000000-0000-4000-8000-000000001004
-- also: MAINT-08
alter table public.help_requests drop constraint help_requests_urgency_check;
update public.help_requests set urgency = 'asap' where id = '20000000-0000-4000-8000-000000001004';
alter table public.help_requests add constraint help_requests_urgency_check
check (urgency in ('flexible', 'normal', 'urgent', 'critical')) not valid;
