-- object: *public.help_requests.status 'done': unknown word
-- on: runbook
select id from help_requests where status = 'done';
