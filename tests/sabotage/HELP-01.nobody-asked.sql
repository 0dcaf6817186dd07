-- object: 20000000-0000-4000-8000-000000000004
alter table public.help_requests alter column user_id drop not null, disable trigger keep_life_cycle;
update public.help_requests set user_id = null where id = '20000000-0000-4000-8000-000000000004';
alter table public.help_requests enable trigger keep_life_cycle;
