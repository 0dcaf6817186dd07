-- object: 20000000-0000-4000-8000-000000001004
-- also: HELP-02
alter table public.help_requests alter column status drop not null;
set local session_replication_role = replica;
update public.help_requests set status = null where id = '20000000-0000-4000-8000-000000001004';
set local session_replication_role = origin;
