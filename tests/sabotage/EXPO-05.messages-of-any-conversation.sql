-- object: public.messages_of(uuid,integer)
set role postgres;
create function public.messages_of(p_conversation_id uuid, p_limit integer default 50) returns setof public.messages
language sql stable security definer set search_path = '' as $$
    select m.* from public.messages m
    where m.conversation_id = p_conversation_id and auth.uid() is not null order by m.created_at limit p_limit
$$;
grant execute on function public.messages_of(uuid, integer) to authenticated;
