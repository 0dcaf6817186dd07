-- object: *leave by public.leave_conversation(uuid)
set role postgres;
create or replace function public.leave_conversation(conversation_id uuid) returns void
language sql security definer set search_path = '' as $$
    update public.conversation_participants p set left_at = now()
    where p.conversation_id = leave_conversation.conversation_id and p.conversation_id = auth.uid() and p.left_at is null
$$;
