-- object: help_requests_helper_id_fkey on public.help_requests
-- Whoever has helped once cannot leave.
set role postgres;
alter table public.help_requests drop constraint help_requests_helper_id_fkey;
alter table public.help_requests add constraint help_requests_helper_id_fkey
foreign key (helper_id) references public.profiles (id) deferrable initially deferred;
