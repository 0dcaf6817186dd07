-- object: *alter help_requests: row level security off
-- on: runbook
alter table help_requests disable row level security;
select count(*) from help_requests;
alter table help_requests enable row level security;
