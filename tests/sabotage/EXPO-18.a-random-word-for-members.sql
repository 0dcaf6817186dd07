-- object: "Listed parties" on public.sabotage_parties
-- What is made up at random is what one has to say at the door, whatever it is called.
create table public.sabotage_parties (
    id uuid primary key default gen_random_uuid(),
    host_id uuid not null references public.profiles (id) on delete cascade,
    title text not null,
    listed boolean not null default true,
    watchword text not null default substr(md5(random()::text), 1, 8)
);
create index on public.sabotage_parties (host_id);
alter table public.sabotage_parties enable row level security;
revoke all on public.sabotage_parties from anon, authenticated;
grant select, update on public.sabotage_parties to authenticated;
create policy "Listed parties" on public.sabotage_parties for select to authenticated
    using (listed and (select auth.uid()) is not null);
create policy "Hosts change parties" on public.sabotage_parties for update to authenticated
    using (host_id = (select auth.uid()));
insert into public.sabotage_parties (host_id, title) select id, 'party' from public.profiles;
