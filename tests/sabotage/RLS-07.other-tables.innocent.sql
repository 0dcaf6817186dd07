-- also: SCHEMA-02
-- set: public_tables = ["public.faq"]
-- set: server_only_tables = ["public.jobs"]
-- set: [tables.'public."Notes ""to self"""']
-- set: rows.own = "owner = :me"
-- set: rows.shared = "owner is null and \"order\" > 0"
-- set: reach.select = { members = ["own", "shared"], admin = ["own", "shared"] }
-- set: reach.insert = { members = ["own"], admin = ["own"] }
-- set: reach.delete = { members = ["own"], admin = ["own"] }
create table public.faq (id bigint generated always as identity primary key, text text not null);
insert into public.faq (text) values ('How do I ask for help?');
alter table public.faq enable row level security;
create policy "everybody reads" on public.faq for select to anon, authenticated using (true);
grant select on public.faq to anon, authenticated;

create table public.jobs (id bigint generated always as identity primary key, payload text);
insert into public.jobs (payload) values ('{}');
alter table public.jobs enable row level security;

-- Without a primary key, with a quoted name, a column that is a reserved word, and a generated column.
create table public."Notes ""to self""" (
    owner uuid default auth.uid(), "order" integer not null, twice integer generated always as ("order" * 2) stored
);
create index on public."Notes ""to self""" (owner);
insert into public."Notes ""to self""" (owner, "order")
select case when p.n % 5 > 0 then p.id end, p.n from (select id, row_number() over (order by id) as n from public.profiles) as p;
alter table public."Notes ""to self""" enable row level security;
create policy "own and shared notes" on public."Notes ""to self""" for select to authenticated
using ((select private.is_approved()) and (owner = (select auth.uid()) or (owner is null and "order" > 0)));
create policy "own new notes" on public."Notes ""to self""" for insert to authenticated
with check ((select private.is_approved()) and owner = (select auth.uid()));
create policy "own old notes" on public."Notes ""to self""" for delete to authenticated
using ((select private.is_approved()) and owner = (select auth.uid()));
grant select, delete on public."Notes ""to self""" to authenticated;
grant insert ("order", owner) on public."Notes ""to self""" to authenticated;
