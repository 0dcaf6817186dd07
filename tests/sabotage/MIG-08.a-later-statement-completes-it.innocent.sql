-- on: gate
create function private.tidy_up() returns void language sql set search_path = '' as 'select';
revoke execute on function private.tidy_up() from anon, authenticated;
revoke execute on function private.tidy_up() from public;
grant execute on function private.tidy_up() to authenticated;
