-- object: stranger: take a participant's place, in public.messages_v2
-- also: MSG-07 PERF-10 RLS-07
grant update (helper_id) on public.conversations_v2 to authenticated;
create policy conversations_v2_update on public.conversations_v2 for update to authenticated
using ((select public.is_current_user_approved())) with check (helper_id = (select auth.uid()));
create policy conversations_v2_look on public.conversations_v2 for select to authenticated
using ((select public.is_current_user_approved()));
