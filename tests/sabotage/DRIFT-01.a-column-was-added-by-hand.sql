-- object: column public.profiles.nickname
alter table public.profiles add column nickname text;
