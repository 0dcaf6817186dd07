alter table public.profiles drop constraint profiles_name_is_no_email;
update public.profiles set name = 'Sam @ the library' where id = '00000000-0000-4000-8000-000000000005';
