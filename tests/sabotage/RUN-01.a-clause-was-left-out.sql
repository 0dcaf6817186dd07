-- object: *does not parse
-- on: runbook
select id from public.profiles where;
