-- object: *accounts_support*
create policy accounts_support on public.accounts for select to authenticated
    using ((select auth.jwt()) -> 'user_metadata' ->> 'role' = 'support');
