-- also: EXPO-04 EXPO-05
-- object: public.send_message(uuid,text)
create function public.send_message(conversation uuid, body text) returns void
language sql volatile security definer set search_path = '' as $$
 insert into public.messages (conversation_id, sender_id, content) select conversation, p.user_id, body
from public.conversation_participants p
where p.conversation_id = conversation limit 1 $$;
grant execute on function public.send_message(uuid, text) to authenticated;
