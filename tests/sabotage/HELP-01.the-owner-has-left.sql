-- object: 10000000-0000-4000-8000-00000000abcd
-- also: AUTH-08 AUTH-09
alter table public.help_requests drop constraint help_requests_user_id_fkey;
insert into public.help_requests (id, user_id, title, category)
values ('10000000-0000-4000-8000-00000000abcd', '00000000-0000-4000-8000-00000000dead', 'A lift to town', 'transport');
