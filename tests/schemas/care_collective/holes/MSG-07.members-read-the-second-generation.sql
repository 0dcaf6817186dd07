-- object: stranger: select public.messages_v2
-- object: alice: select public.messages_v2 of other people
-- also: RLS-07
alter policy messages_v2_select on public.messages_v2 using ((select public.is_current_user_approved()));
