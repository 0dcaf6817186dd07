-- on: runbook
begin;
alter table help_requests disable row level security;
delete from help_requests;
set local role authenticated;
select id from profiles;
rollback;
