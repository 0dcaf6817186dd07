-- on: runbook
create or replace view private.open_requests as select id from public.help_requests where status = 'open';
select id from private.open_requests;
