-- object: public.send_message_v2(uuid,text)
create or replace function public.send_message_v2(p_conversation_id uuid, p_content text) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    made uuid;
begin
    if not public.is_current_user_approved() then
        return jsonb_build_object('success', false, 'error', 'not approved');
    end if;
    insert into public.messages_v2 (conversation_id, sender_id, content)
    values (p_conversation_id, auth.uid(), p_content)
    returning id into made;
    return jsonb_build_object('success', true, 'message_id', made);
end
$$;
