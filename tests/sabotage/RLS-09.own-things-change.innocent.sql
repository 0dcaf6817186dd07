-- Own settings that policies look at: who sees the own row is the owner's to say.
create table public.cards (
    user_id uuid primary key references public.profiles (id) on delete cascade, is_listed boolean not null default false
);
insert into public.cards (user_id) select id from public.profiles;
alter table public.cards enable row level security;
grant select, update (is_listed) on public.cards to authenticated;
create policy "own and listed cards" on public.cards for select to authenticated
using (user_id = (select auth.uid()) or (is_listed and (select private.is_approved())));
create policy "list one's own card" on public.cards for update to authenticated
using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));

-- Sharing what is one's own with somebody who did not see it.
create table public.notes (
    id bigint generated always as identity primary key,
    owner_id uuid not null references public.profiles (id) on delete cascade,
    shared_with uuid references public.profiles (id) on delete cascade,
    status text not null default 'private' check (status in ('private', 'shared')),
    content text
);
create index on public.notes (owner_id);
create index on public.notes (shared_with);
insert into public.notes (owner_id, content) select id, 'a note' from public.profiles limit 40;
insert into public.notes (owner_id, shared_with, status, content)
select id, '00000000-0000-4000-8000-000000000005', 'shared', 'a note' from public.profiles
where id in ('00000000-0000-4000-8000-000000000003', '00000000-0000-4000-8000-000000000004');
alter table public.notes enable row level security;
grant select, insert, update, delete on public.notes to authenticated;
create policy "own and shared notes" on public.notes for select to authenticated
using (owner_id = (select auth.uid()) or (shared_with = (select auth.uid()) and status = 'shared'));
create policy "write own notes" on public.notes for insert to authenticated with check (owner_id = (select auth.uid()));
create policy "change own notes" on public.notes for update to authenticated
using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));
create policy "remove own notes" on public.notes for delete to authenticated using (owner_id = (select auth.uid()));
