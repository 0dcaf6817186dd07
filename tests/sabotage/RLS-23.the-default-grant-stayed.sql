-- object: select on public."Wallets; --" for authenticated
create table public."Wallets; --" (id bigint generated always as identity primary key, keeper uuid, pin text, "Colour; --" text);
create index on public."Wallets; --" (keeper);
alter table public."Wallets; --" enable row level security;
create policy keepers on public."Wallets; --" for select to authenticated using (keeper = (select auth.uid()));
grant select on public."Wallets; --" to authenticated;
grant select (id, keeper, "Colour; --") on public."Wallets; --" to authenticated;
