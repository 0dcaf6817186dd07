-- app_metadata is written by the server alone.
create policy newsletters_seen on public.newsletters for select to authenticated
    using ((select auth.jwt()) -> 'app_metadata' ->> 'role' = 'editor');
