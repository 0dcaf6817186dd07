-- object: idx_profiles_nickname on public.profiles
-- also: RLS-07 RLS-15
set role postgres;
alter table public.profiles add column nickname text;
update public.profiles set nickname = 'Made up ' || id;
create unique index idx_profiles_nickname on public.profiles (lower(nickname));
grant update (nickname) on public.profiles to authenticated;
