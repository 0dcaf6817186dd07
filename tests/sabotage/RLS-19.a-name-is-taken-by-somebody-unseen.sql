-- object: lists_name_key on public.lists
-- set: [tables."public.lists"]
-- set: rows.own = "user_id = :me"
-- set: reach.select = { guest = ["own"], pending = ["own"], rejected = ["own"], members = ["own"], admin = ["own"] }
-- set: reach.insert = { guest = ["own"], pending = ["own"], rejected = ["own"], members = ["own"], admin = ["own"] }
-- set: reach.delete = { guest = ["own"], pending = ["own"], rejected = ["own"], members = ["own"], admin = ["own"] }
set role postgres;
create table public.lists (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.profiles (id) on delete cascade,
    name text not null constraint lists_name_key unique
);
create index on public.lists (user_id);
alter table public.lists enable row level security;
create policy "one's own lists" on public.lists to authenticated
using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
grant select, insert (user_id, name), delete on public.lists to authenticated;
insert into public.lists (user_id, name) select p.id, 'List of member ' || p.id from public.profiles p;
