-- object: limits_own on public.rate_limits
create policy limits_own on public.rate_limits for update to authenticated
    using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
