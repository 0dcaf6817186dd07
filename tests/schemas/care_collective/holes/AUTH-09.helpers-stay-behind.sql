-- object: 20000000-0000-4000-8000-*
alter table public.help_requests drop constraint help_requests_helper_id_fkey;
