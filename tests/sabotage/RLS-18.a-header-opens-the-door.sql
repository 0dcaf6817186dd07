-- object: private.from_our_server()
create function private.from_our_server() returns boolean language sql stable set search_path = ''
return (current_setting('request.headers', true)::json ->> 'x-internal') is not distinct from 'yes';
grant execute on function private.from_our_server() to authenticated;
alter policy "requesters confirm" on public.contact_exchanges
using (confirmed_at is null and (requester_id = (select auth.uid()) or (select private.from_our_server())));
