-- object: *set role: set without local
-- on: runbook
set role authenticated;
select id from help_requests;
reset role;
