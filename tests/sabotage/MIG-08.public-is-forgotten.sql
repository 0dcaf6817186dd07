-- on: gate
-- object: 29990101000000_public-is-forgotten.sql: revoke: public.tidy_up(): anon still has execute; authenticated still has execute through PUBLIC or a role
set lock_timeout = '2s';
create function public.tidy_up() returns void language sql security definer set search_path = '' as 'select';
grant execute on function public.tidy_up() to public;
revoke execute on function public.tidy_up() from anon, authenticated;
