-- object: 20000000-0000-4000-8000-000000000007
-- also: CONTACT-03
alter table public.help_requests drop constraint in_progress_has_helper;
set local session_replication_role = replica;
update public.help_requests set helper_id = null where id = '20000000-0000-4000-8000-000000000007';
set local session_replication_role = origin;
