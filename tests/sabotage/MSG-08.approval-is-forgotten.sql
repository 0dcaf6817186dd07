-- object: public.start_conversation(uuid,uuid)
create or replace function public.start_conversation(request_id uuid, other_member uuid) returns uuid
language plpgsql security definer set search_path = ''
as $$
declare
    conversation uuid;
begin
    -- The lock makes the two parties, starting at the same moment, find one conversation.
    perform from public.help_requests r
    where r.id = start_conversation.request_id
        and ((r.user_id, r.helper_id) = (auth.uid(), other_member) or (r.user_id, r.helper_id) = (other_member, auth.uid()))
    for no key update;
    if not found then
        raise exception 'a conversation is between the owner and the helper of a request'
            using errcode = 'insufficient_privilege';
    end if;

    select c.id into conversation
    from public.conversations c
    join public.conversation_participants mine on mine.conversation_id = c.id
    join public.conversation_participants theirs on theirs.conversation_id = c.id
    where c.help_request_id = start_conversation.request_id
        and mine.user_id = auth.uid() and mine.left_at is null
        and theirs.user_id = other_member and theirs.left_at is null
    limit 1;
    if conversation is null then
        insert into public.conversations (help_request_id, created_by)
        values (start_conversation.request_id, auth.uid())
        returning id into conversation;
        insert into public.conversation_participants (conversation_id, user_id)
        values (conversation, auth.uid()), (conversation, other_member);
    end if;
    return conversation;
end
$$;
