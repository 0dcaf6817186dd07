-- Columns alone; a right on the table that none of its columns was granted for; all columns and the table.
create table public.wallets (id bigint generated always as identity primary key, keeper uuid, pin text, colour text);
create table public.shades (id bigint generated always as identity primary key, name text);
create index on public.wallets (keeper);
alter table public.wallets enable row level security;
create index on public.shades (name);
alter table public.shades enable row level security;
create policy keepers on public.wallets to authenticated using (keeper = (select auth.uid()));
create policy own on public.shades for select to authenticated using (name = (select auth.uid())::text);
grant select (id, keeper, colour) on public.wallets to authenticated;
grant delete on public.wallets to authenticated;
grant select on public.wallets to service_role;
grant select, select (id, name) on public.shades to authenticated;
