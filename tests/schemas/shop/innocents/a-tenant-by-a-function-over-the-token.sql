create function private.tenant() returns uuid language sql stable set search_path = '' as $$
    select nullif(coalesce(auth.jwt() ->> 'tenant_id', auth.jwt() -> 'app_metadata' ->> 'tenant_id'), '')::uuid
$$;
grant execute on function private.tenant() to authenticated;
alter policy notices_read on public.notices using (tenant_id = (select private.tenant()));
