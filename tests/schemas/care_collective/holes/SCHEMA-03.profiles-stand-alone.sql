-- object: public.profiles.id
-- also: AUTH-08
alter table public.profiles drop constraint profiles_id_fkey;
