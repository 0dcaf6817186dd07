-- object: update (role) on public.memberships
-- Who may name themselves in the team's list may also change what they are in it.
grant update (role) on public.memberships to authenticated;
create policy memberships_edit on public.memberships for update to authenticated
    using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
