-- object: *start the conversation with*
set role postgres;
create or replace function public.start_conversation(request_id uuid, other_member uuid) returns uuid
language plpgsql security definer set search_path = '' as $$
declare
    conversation uuid;
begin
    if not private.is_approved() or not exists (
        select from public.help_requests r where r.id = start_conversation.request_id
        and (r.user_id, r.helper_id) in ((auth.uid(), other_member), (other_member, auth.uid())))
    then
        raise exception 'not yours' using errcode = 'insufficient_privilege';
    end if;
    -- Whether there is one already is not asked.
    insert into public.conversations (help_request_id, created_by)
    values (start_conversation.request_id, auth.uid()) returning id into conversation;
    insert into public.conversation_participants (conversation_id, user_id)
    values (conversation, auth.uid()), (conversation, other_member);
    return conversation;
end $$;
