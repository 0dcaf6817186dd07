-- object: notices_read on public.notices
-- It asks for a tenant, and not for which.
alter policy notices_read on public.notices
    using ((select (auth.jwt() -> 'app_metadata' ->> 'tenant_id')::uuid) is not null);
