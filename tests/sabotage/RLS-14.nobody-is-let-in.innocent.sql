create table public.ledgers (id bigint generated always as identity primary key, note text);
alter table public.ledgers enable row level security;
revoke all on public.ledgers from anon, authenticated;
create policy nobody on public.ledgers for all using (false) with check (false);
