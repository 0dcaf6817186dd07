-- object: public.profiles.id
alter table public.profiles drop constraint profiles_id_fkey;
