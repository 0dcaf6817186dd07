create table public.people (id uuid primary key references auth.users (id) on delete cascade, x text, "row" text, t text, answer text, s text);
create table public.notes (id uuid primary key default gen_random_uuid(), owner_id uuid not null references public.people (id) on delete cascade, notes text not null, content text);
alter table public.people enable row level security; alter table public.notes enable row level security;
create policy me on public.people for select to authenticated using (id = (select auth.uid()));
create policy mine on public.notes for all to authenticated using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));
create index on public.notes (owner_id);
revoke all on all tables in schema public from anon, authenticated;
grant select on public.people to authenticated;
grant select, insert, update, delete on public.notes to authenticated;
create view public.told_x as select x from public.people;
create view public.told_row as select "row" from public.people;
create view public.told_t as select t, s from public.people;
create view public.told_answer as select answer from public.people;
create view public.told_notes as select notes from public.notes;
-- One of its columns cannot be read, the other tells.
create view public.half_broken as select (x)::integer as n, answer from public.people;
create view public.greeting as select 'a constant that says hello' as x;
revoke all on public.told_x, public.told_row, public.told_t, public.told_answer, public.told_notes, public.half_broken, public.greeting from anon;
