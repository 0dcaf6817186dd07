create function private.takes_part(conversation uuid) returns boolean
language sql stable security definer set search_path = '' as $$
    select exists (select from public.conversation_participants p
                   where p.conversation_id = conversation and p.user_id = auth.uid() and p.left_at is null
                   and private.is_approved())
$$;
grant execute on function private.takes_part(uuid) to authenticated;
alter policy "participants read their conversations" on public.conversations
using (private.takes_part(id) and created_at <= now() or id in (select c from private.my_conversations() as c));
