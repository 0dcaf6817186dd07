-- set: [tables."public.shelves"]
-- set: rows.own = "user_id = :me"
-- set: reach.select = { guest = ["own"], pending = ["own"], rejected = ["own"], members = ["own"], admin = ["own"] }
-- set: reach.insert = { guest = ["own"], pending = ["own"], rejected = ["own"], members = ["own"], admin = ["own"] }
-- set: reach.update = { guest = ["own"], pending = ["own"], rejected = ["own"], members = ["own"], admin = ["own"] }
-- set: [tables."public.books"]
-- set: rows.own = "user_id = :me and shelf_id in (select s.id from public.shelves s where s.user_id = :me)"
-- set: reach.select = { guest = ["own"], pending = ["own"], rejected = ["own"], members = ["own"], admin = ["own"] }
-- set: reach.insert = { guest = ["own"], pending = ["own"], rejected = ["own"], members = ["own"], admin = ["own"] }
set role postgres;
create table public.shelves (
    id bigint generated always as identity primary key,
    user_id uuid not null references public.profiles (id) on delete cascade,
    name text not null,
    share_code text not null unique,
    unique (user_id, name)
);
create table public.books (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.profiles (id) on delete cascade,
    shelf_id bigint not null references public.shelves (id) on delete cascade
);
create index on public.books (user_id);
create index on public.books (shelf_id);
alter table public.shelves enable row level security;
alter table public.books enable row level security;
create policy "one's own shelves" on public.shelves to authenticated
using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy "one's own books" on public.books to authenticated
using (user_id = (select auth.uid()))
with check (user_id = (select auth.uid()) and shelf_id in (select s.id from public.shelves s));
grant select, insert (user_id, name, share_code), update (name) on public.shelves to authenticated;
grant select, insert (user_id, shelf_id) on public.books to authenticated;
insert into public.shelves (user_id, name, share_code) select p.id, 'Shelf of ' || p.id, md5(p.id::text) from public.profiles p;
insert into public.books (user_id, shelf_id) select s.user_id, s.id from public.shelves s;
create table public.client_keys (
    id text primary key, owner_id uuid not null references auth.users (id) on delete cascade, label text not null
);
create index on public.client_keys (owner_id);
alter table public.client_keys enable row level security;
revoke all on public.client_keys from anon, authenticated;
grant select, insert on public.client_keys to authenticated;
create policy "owners see their own" on public.client_keys for select to authenticated using (owner_id = (select auth.uid()));
create policy "owners add their own" on public.client_keys for insert to authenticated
with check (owner_id = (select auth.uid()));
insert into public.client_keys select 'k' || row_number() over (), id, 'mine' from public.profiles;
