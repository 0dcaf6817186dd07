-- object: *select help_requests: cannot be planned
-- on: runbook
begin;
set local role authenticated;
select * from help_requests;
rollback;
