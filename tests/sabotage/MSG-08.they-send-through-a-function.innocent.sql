create function public.send_message(conversation uuid, body text) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
if not exists (select
from public.conversation_participants p
where p.conversation_id = conversation and p.user_id = auth.uid() and p.left_at is null) or not private.is_approved() then raise exception 'not yours'; end if;
 insert into public.messages (conversation_id, sender_id, content) values (conversation, auth.uid(), body); end $$;
grant execute on function public.send_message(uuid, text) to authenticated;
