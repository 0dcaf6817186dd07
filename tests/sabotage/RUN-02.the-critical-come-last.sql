-- object: *public.help_requests.urgency: sorts as text
-- on: runbook
select id from help_requests order by urgency desc;
