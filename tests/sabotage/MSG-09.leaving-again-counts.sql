-- object: public.leave_conversation(uuid)
create or replace function public.leave_conversation(conversation_id uuid) returns void
language plpgsql security definer set search_path = ''
as $$
begin
    update public.conversation_participants p
    set left_at = now()
    where p.conversation_id = leave_conversation.conversation_id and p.user_id = auth.uid();
end
$$;
