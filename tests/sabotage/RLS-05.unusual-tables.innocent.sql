create type public."Mood ""today""" as enum ('good', 'bad');
create domain public.positive as integer not null check (value > 0);
create table public."Strange ""table""
name" (
    "select" bigint generated always as identity,
    "User Id" uuid not null,
    mood public."Mood ""today""",
    amount public.positive,
    twice integer generated always as (amount * 2) stored,
    tags text[], span tstzrange, raw bytea, document jsonb, gone text,
    primary key ("User Id", "select")
) partition by hash ("User Id");
alter table public."Strange ""table""
name" drop column gone;
create table public.part partition of public."Strange ""table""
name" for values with (modulus 1, remainder 0);
alter table public."Strange ""table""
name" enable row level security;
alter table public.part enable row level security;
grant select, insert, update, delete on public."Strange ""table""
name" to authenticated;
create policy "everything of one's own" on public."Strange ""table""
name" for all to authenticated
using ("User Id" = (select auth.uid()) and amount > 0 and mood <> 'bad'
       and exists (select from public.help_requests r where r.user_id = "User Id"));
insert into public."Strange ""table""
name" ("User Id", mood, amount, tags, raw)
values ('00000000-0000-4000-8000-000000000003', 'good', 1, '{a}', '\x00');
-- What is computed when a row is written is not the policy's: a sequence that nobody may use is another invariant's.
create table public.counted (id serial primary key, user_id uuid not null unique);
alter table public.counted enable row level security;
grant select, insert (user_id), update (user_id) on public.counted to authenticated;
create policy "own" on public.counted for all to authenticated using (user_id = (select auth.uid()));
