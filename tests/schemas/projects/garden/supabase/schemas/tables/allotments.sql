create table public.allotments (
    tenant_id uuid primary key references auth.users (id) on delete cascade,
    since date not null default current_date,
    rent numeric(8, 2) not null default 0
);
alter table public.allotments enable row level security;
grant select on public.allotments to authenticated;
create policy "Tenants see their own" on public.allotments for select to authenticated
    using (tenant_id = (select auth.uid()));
