-- object: *public.help_requests.status is null: never true
-- on: runbook
select count(*) from help_requests where status is null;
