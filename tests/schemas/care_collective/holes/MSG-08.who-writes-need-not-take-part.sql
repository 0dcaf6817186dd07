-- object: stranger: send a message into others' conversation
-- also: MSG-09 RLS-07 RLS-24
create or replace function public.can_current_user_write(conversation_uuid uuid, recipient_uuid uuid) returns boolean
language sql stable security definer set search_path = ''
as $$
    select public.is_current_user_approved() and exists (
        select 1 from public.conversation_participants p
        where p.conversation_id = conversation_uuid and p.user_id = recipient_uuid)
$$;
