-- object: *delete public.messages: no where
-- on: runbook
delete from messages;
