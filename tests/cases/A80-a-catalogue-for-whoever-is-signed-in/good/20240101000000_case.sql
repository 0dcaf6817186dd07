create table public.catalogue (id uuid primary key default gen_random_uuid(), code text not null, price integer not null);
alter table public.catalogue enable row level security;
revoke all on public.catalogue from anon, authenticated;
grant select on public.catalogue to anon, authenticated;
create policy read on public.catalogue for select to authenticated using (true);

create policy display on public.catalogue for select to anon using (false);
