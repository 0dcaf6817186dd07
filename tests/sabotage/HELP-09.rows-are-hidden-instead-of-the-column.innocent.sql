-- also: RLS-07 RLS-08
grant select (location_override) on public.help_requests to authenticated;
create policy "addresses wait for the match" on public.help_requests as restrictive for select to authenticated
using (
    location_privacy = 'public' or (select private.is_admin()) or (select auth.uid()) in (user_id, helper_id)
);
