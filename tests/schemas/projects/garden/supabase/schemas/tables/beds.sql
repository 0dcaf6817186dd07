create table public.beds (
    id bigint generated always as identity primary key,
    row_number smallint not null,
    tenant_id uuid references public.allotments (tenant_id) on delete set null,
    area_m2 numeric(6, 2) not null check (area_m2 > 0)
);
create index beds_tenant_id_idx on public.beds (tenant_id);
alter table public.beds enable row level security;
grant select on public.beds to anon, authenticated;
create policy "Everybody sees the plan" on public.beds for select to anon, authenticated using (true);
