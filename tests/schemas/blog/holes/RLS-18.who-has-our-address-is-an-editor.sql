-- object: *revisions_house*
create policy revisions_house on public.post_revisions for select to authenticated
    using ((select auth.jwt()) ->> 'email' like '%@magazine.example');
