-- object: follows_tidy on public.follows
create policy follows_tidy on public.follows for delete to authenticated
    using ((select auth.uid()) is not null and "since%" >= '0');
