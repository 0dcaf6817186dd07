-- object: "Listed parties" on public.sabotage_parties
-- Parties are listed for everybody, and with each the code that opens the door.
create table public.sabotage_parties (
    id uuid primary key default gen_random_uuid(),
    host_id uuid not null references public.profiles (id) on delete cascade,
    title text not null,
    listed boolean not null default true,
    door_code text not null
);
create index on public.sabotage_parties (host_id);
alter table public.sabotage_parties enable row level security;
revoke all on public.sabotage_parties from anon, authenticated;
grant select on public.sabotage_parties to anon, authenticated;
grant update on public.sabotage_parties to authenticated;
create policy "Listed parties" on public.sabotage_parties for select to anon, authenticated using (listed);
create policy "Hosts change parties" on public.sabotage_parties for update to authenticated
    using (host_id = (select auth.uid()));
insert into public.sabotage_parties (host_id, title, door_code) select id, 'party', '1234' from public.profiles;
