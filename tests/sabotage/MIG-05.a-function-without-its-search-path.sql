-- on: gate
-- also: EXPO-03
-- object: 29990101000000_a-function-without-its-search-path.sql: EXPO-03 public.count_members()
set lock_timeout = '2s';
create function public.count_members() returns bigint language sql stable security definer
as 'select count(*) from public.profiles';
revoke execute on function public.count_members() from public, anon, authenticated;
