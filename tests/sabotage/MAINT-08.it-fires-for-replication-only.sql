-- object: guard_profile on public.profiles
alter table public.profiles enable replica trigger guard_profile;
