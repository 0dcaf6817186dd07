-- object: "requesters confirm" on public.contact_exchanges
create function private.is_moderator() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from auth.users u where u.id = auth.uid() and u.raw_user_meta_data ->> 'role' = 'moderator')
$$;
grant execute on function private.is_moderator() to authenticated;
alter policy "requesters confirm" on public.contact_exchanges
using (confirmed_at is null and (requester_id = (select auth.uid()) or (select private.is_moderator())));
