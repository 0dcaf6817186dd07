-- object: remarks_plan_id_fkey on public.remarks
-- set: [tables."public.plans"]
-- set: rows.own = "user_id = :me"
-- set: reach.select = { guest = ["own"], pending = ["own"], rejected = ["own"], members = ["own"], admin = ["own"] }
-- set: [tables."public.remarks"]
-- set: rows.own = "user_id = :me"
-- set: reach.select = { guest = ["own"], pending = ["own"], rejected = ["own"], members = ["own"], admin = ["own"] }
-- set: reach.insert = { guest = ["own"], pending = ["own"], rejected = ["own"], members = ["own"], admin = ["own"] }
set role postgres;
create table public.plans (
    id bigint generated always as identity primary key,
    user_id uuid not null references public.profiles (id) on delete cascade
);
create table public.remarks (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.profiles (id) on delete cascade,
    plan_id bigint not null constraint remarks_plan_id_fkey references public.plans (id) on delete cascade
);
create index on public.plans (user_id);
create index on public.remarks (user_id);
create index on public.remarks (plan_id);
alter table public.plans enable row level security;
alter table public.remarks enable row level security;
create policy "one's own plans" on public.plans for select to authenticated using (user_id = (select auth.uid()));
create policy "one's own remarks" on public.remarks to authenticated
using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
grant select on public.plans to authenticated;
grant select, insert (user_id, plan_id) on public.remarks to authenticated;
insert into public.plans (user_id) select p.id from public.profiles p;
insert into public.remarks (user_id, plan_id) select p.user_id, p.id from public.plans p;
