-- object: update (conversation_id) on public.conversation_participants
-- also: MSG-08, RLS-07 RLS-24
-- The row stays the caller's, and leads to whatever conversation they name.
grant update (conversation_id) on public.conversation_participants to authenticated;
create policy "people manage their own participation" on public.conversation_participants for update to authenticated
using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
-- Who has written nothing yet is held by no foreign key.
with begun as (
    insert into public.conversations (help_request_id) select id from public.help_requests limit 1 returning id
)
insert into public.conversation_participants (conversation_id, user_id)
select id, p::uuid from begun, unnest(array['00000000-0000-4000-8000-000000000003',
                                            '00000000-0000-4000-8000-000000000004']) as p;
