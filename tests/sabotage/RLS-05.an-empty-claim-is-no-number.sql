-- object: public.notes
-- blind: EXPO-11
create table public.notes (id bigint generated always as identity primary key, tenant integer not null);
create index on public.notes (tenant);
alter table public.notes enable row level security;
grant select on public.notes to authenticated;
create policy "notes of the tenant" on public.notes for select to authenticated
using (tenant = (select coalesce(auth.jwt() ->> 'tenant_id', ''))::integer);
