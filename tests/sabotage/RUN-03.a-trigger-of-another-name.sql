-- object: *on_user_created: not there
-- on: runbook
select tgenabled from pg_trigger where tgname = 'on_user_created';
