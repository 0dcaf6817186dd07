-- object: 20000000-0000-4000-8000-000000000002
-- also: AUTH-08 AUTH-09
alter table public.help_requests drop constraint help_requests_helper_id_fkey;
alter table public.help_requests disable trigger keep_life_cycle;
update public.help_requests set helper_id = '00000000-0000-4000-8000-00000000dead'
where id = '20000000-0000-4000-8000-000000000002';
alter table public.help_requests enable trigger keep_life_cycle;
