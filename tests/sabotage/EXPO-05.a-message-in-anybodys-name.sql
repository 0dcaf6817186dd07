-- also: MSG-08
-- object: public.send_message(uuid,uuid,text)
set role postgres;
create function public.send_message(conversation_id uuid, sender_id uuid, content text) returns void
language plpgsql security definer set search_path = '' as $$
begin
    perform auth.uid();
    insert into public.messages (conversation_id, sender_id, content)
    values (send_message.conversation_id, send_message.sender_id, send_message.content);
end $$;
grant execute on function public.send_message(uuid, uuid, text) to authenticated;
