-- on: runbook
select id from public.profiles where id = '[user-uuid]' or name = <name> or id = :id or location = $1;
