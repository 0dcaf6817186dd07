-- Another name for the argument, an answer, and who had left already is told so.
set role postgres;
drop function public.leave_conversation(uuid);
create function public.leave_conversation(which uuid) returns boolean
language sql security definer set search_path = '' as $$
    with gone as (
        update public.conversation_participants p set left_at = statement_timestamp()
        where p.conversation_id = which and p.user_id = (select auth.uid()) and p.left_at is null
        returning 1
    )
    select exists (select from gone)
$$;
revoke execute on function public.leave_conversation(uuid) from public, anon;
grant execute on function public.leave_conversation(uuid) to authenticated;
