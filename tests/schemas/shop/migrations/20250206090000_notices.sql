-- Notices of the house, for whom the server let work in it: the tenant is in the token, not in a table.
create table public.notices (
    id bigint generated always as identity primary key,
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    title text not null,
    is_pinned boolean not null default false
);
create index notices_tenant_id_idx on public.notices (tenant_id);
alter table public.notices enable row level security;
grant select on public.notices to authenticated;
create policy notices_read on public.notices for select to authenticated
    using (tenant_id = (select (auth.jwt() -> 'app_metadata' ->> 'tenant_id')::uuid));
