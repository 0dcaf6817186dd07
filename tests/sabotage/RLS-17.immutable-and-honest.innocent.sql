create function private.first_folder(path text) returns text language plpgsql immutable set search_path = '' as $$
begin
    -- from public.profiles nothing is read
    return substring(path from 1 for position('/' in path || '/') - 1);
end $$;
create function private.forgotten() returns boolean language sql as $$ select true $$;
grant execute on function private.first_folder(text) to authenticated;
alter policy "requesters confirm" on public.contact_exchanges
using (requester_id = (select auth.uid()) and confirmed_at is null and private.first_folder('a/b') is distinct from 'c');
