-- object: 20000000-0000-4000-8000-000000000002
-- object: 20000000-0000-4000-8000-000000000003
-- also: HELP-11
alter table public.help_requests drop constraint help_requests_in_progress_has_helper;
alter table public.help_requests disable trigger keep_life_cycle;
update public.help_requests set helper_id = null where id = '20000000-0000-4000-8000-000000000002';
update public.help_requests set helped_at = null where id = '20000000-0000-4000-8000-000000000003';
alter table public.help_requests enable trigger keep_life_cycle;
