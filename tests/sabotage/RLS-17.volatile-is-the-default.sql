-- object: private.is_moderator()
create function private.is_moderator() returns boolean language sql set search_path = ''
return (auth.jwt() -> 'app_metadata' ->> 'role') is not distinct from 'moderator';
grant execute on function private.is_moderator() to authenticated;
alter policy "requesters confirm" on public.contact_exchanges
using (requester_id = (select auth.uid()) and confirmed_at is null and (select not private.is_moderator()));
