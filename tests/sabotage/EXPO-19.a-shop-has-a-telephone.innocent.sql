-- The number of a sitter is not among what visitors may read, and that of a shop is for its customers.
create table public.sabotage_sitters (
    id uuid primary key references public.profiles (id) on delete cascade,
    title text not null,
    phone text,
    is_listed boolean not null default true
);
alter table public.sabotage_sitters enable row level security;
revoke all on public.sabotage_sitters from anon, authenticated;
grant update (title) on public.sabotage_sitters to authenticated;
create policy "Listed sitters" on public.sabotage_sitters for select to anon, authenticated using (is_listed);
create policy "Sitters change themselves" on public.sabotage_sitters for update to authenticated
    using (id = (select auth.uid()));
grant select (id, title, is_listed) on public.sabotage_sitters to anon, authenticated;
create table public.sabotage_shops (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid not null references public.profiles (id) on delete cascade,
    title text not null,
    phone text,
    is_listed boolean not null default true
);
create index on public.sabotage_shops (owner_id);
alter table public.sabotage_shops enable row level security;
revoke all on public.sabotage_shops from anon, authenticated;
grant select on public.sabotage_shops to anon, authenticated;
grant update (title, phone) on public.sabotage_shops to authenticated;
create policy "Listed shops" on public.sabotage_shops for select to anon, authenticated using (is_listed);
create policy "Owners change shops" on public.sabotage_shops for update to authenticated
    using (owner_id = (select auth.uid()));
insert into public.sabotage_sitters (id, title, phone) select id, 'sitter', '555 0100' from public.profiles;
insert into public.sabotage_shops (owner_id, title, phone) select id, 'shop', '555 0100' from public.profiles;
