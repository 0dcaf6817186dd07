set role postgres;
create function private.one() returns integer language sql security definer set search_path to 'public' as 'select 1';
create function private.two() returns integer language sql security definer set search_path = public, pg_temp as 'select 2';
create function private.three() returns integer language sql security definer set search_path from current as 'select 3';
create function private.four() returns integer language sql security definer set search_path = '' as 'select 4';
-- Resolved when it is created.
create function private.five() returns boolean language sql stable security definer
begin atomic select exists (select from public.profiles p where p.id = auth.uid()); end;
create function private.six() returns boolean language sql stable security definer return private.is_guest();
-- With the caller's rights.
create function private.seven() returns integer language sql as 'select 7';
