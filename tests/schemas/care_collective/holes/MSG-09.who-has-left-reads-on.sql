-- object: bob: read on after leaving
-- also: RLS-07
create or replace function public.could_current_user_read(conversation_uuid uuid, written timestamptz) returns boolean
language sql stable security definer set search_path = ''
as $$
    select public.is_current_user_approved() and exists (
        select 1 from public.conversation_participants p
        where p.conversation_id = conversation_uuid and p.user_id = auth.uid())
$$;
