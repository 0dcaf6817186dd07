-- object: 20000000-0000-4000-8000-000000000002
-- also: HELP-11
alter table public.help_requests drop constraint help_requests_helper_is_another;
update public.help_requests set helper_id = user_id where id = '20000000-0000-4000-8000-000000000002';
