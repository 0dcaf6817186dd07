-- object: ????????-????-????-????-????????????
-- also: HELP-02 HELP-11
alter table public.help_requests alter column status drop not null;
update public.help_requests set status = null, created_at = now() - interval '3 days'
where id = (select id from public.help_requests where status = 'open' and created_at < now() - interval '3 days' limit 1);
