-- object: update on public.wallets for authenticated
-- object: select on public.wallets for authenticated
create role readers;
alter role authenticated inherit;
grant readers to authenticated;
create table public.wallets (id bigint generated always as identity primary key, keeper uuid, pin text, colour text);
create index on public.wallets (keeper);
alter table public.wallets enable row level security;
create policy keepers on public.wallets to authenticated using (keeper = (select auth.uid()));
grant select on public.wallets to readers;
grant update on public.wallets to public;
grant select (id, keeper, colour), update (colour) on public.wallets to authenticated;
