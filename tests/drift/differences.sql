--- a schema is missing
-- finding: schema "Odd ""Schema""; drop table public.parcels"
drop schema "Odd ""Schema""; drop table public.parcels" cascade;
--- a schema is unknown
-- finding: schema later
create schema later;
create table later.things (id integer primary key);
--- a schema belongs to somebody else
-- superuser
-- finding: owner of schema app
alter schema app owner to courier;
--- a table is missing
-- finding: table public.parcels
-- along: function public.heavy(integer), materialized view app.counts, statistics object app.parcels_both, view public.heavy_parcels
drop table public.parcels cascade;
--- a table with a hostile name is missing
-- finding: table "Odd ""Schema""; drop table public.parcels"."Odd ""Table"""
drop table "Odd ""Schema""; drop table public.parcels"."Odd ""Table""";
--- a table is unknown
-- finding: table public.notes
create table public.notes (id bigserial primary key, about bigint references public.parcels (id), words text default 'x' check (words <> ''));
create index on public.notes (about);
alter table public.notes enable row level security;
create policy everybody on public.notes for select using (true);
grant select on public.notes to courier;
create trigger touched before update on public.notes for each row execute function public.touch();
--- a table belongs to somebody else
-- superuser
-- finding: owner of table public.parcels
alter table public.parcels owner to courier;
--- a table is unlogged
-- finding: table public.events_2025
alter table public.events_2025 set unlogged;
--- a table is logged
-- finding: table app.scratch
alter table app.scratch set logged;
--- a table has options
-- finding: table public.people
alter table public.people set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.1);
--- a table tells all of a row to replication
-- finding: table public.people
alter table public.people replica identity full;
--- row level security is switched off
-- finding: row level security of table public.people
alter table public.people disable row level security;
--- row level security is forced
-- finding: forced row level security of table public.people
alter table public.people force row level security;
--- a partition is missing
-- finding: table public.events_2025
drop table public.events_2025;
--- a partition is unknown
-- finding: table public.events_2026
create table public.events_2026 partition of public.events for values from ('2026-01-01') to ('2027-01-01');
--- a partition is detached
-- finding: table public.events_2025
alter table public.events detach partition public.events_2025;
--- a column is missing
-- finding: column public.parcels.grams
-- along: column public.parcels.kilos, constraint parcels_grams_check of public.parcels, constraint weight_is_sane of public.parcels, function public.heavy(integer), view public.heavy_parcels
alter table public.parcels drop column grams cascade;
--- a column is missing with what rests on it
-- finding: column public.people.mail
-- along: constraint people_mail of public.people
alter table public.people drop column mail;
--- a serial column is missing
-- finding: column public.parcels.number
alter table public.parcels drop column number;
--- a column is unknown
-- finding: column public.people.phone
-- along: constraint people_phone_check of public.people, index public.people_phone_idx
alter table public.people add column phone text not null default '' check (phone <> 'x');
create index on public.people (phone);
grant select (phone) on public.people to anon;
--- an identity column is unknown
-- finding: column public.people.number
alter table public.people add column number integer generated always as identity (start with 7);
--- a column is called otherwise
-- finding: column public.events.what
alter table public.events rename column what to said;
--- a column without anything that rests on it is called otherwise
-- finding: column "Odd ""Schema""; drop table public.parcels"."Odd ""Table""".from
alter table "Odd ""Schema""; drop table public.parcels"."Odd ""Table""" rename column "from" to "to";
--- a column has another type
-- finding: column public.people.mail
alter table public.people alter column mail type varchar(200) collate "C";
--- a column has another type, and expressions are printed otherwise
-- finding: column public.parcels.label
-- along: view public.heavy_parcels
drop view public.heavy_parcels; drop function public.heavy; drop trigger touched on public.parcels;
drop policy "own parcels" on public.parcels;
alter table public.parcels alter column label type text;
create policy "own parcels" on public.parcels for all to authenticated
    using (owner = (select auth.uid()) and label <> 'secret')
    with check (owner = (select auth.uid()));
create trigger touched before update on public.parcels
    for each row when (old.label is distinct from new.label) execute function public.touch();
create view public.heavy_parcels with (security_invoker = on) as
    select p.id, p.label, p.grams * 2 as twice from public.parcels p where p.state in ('new', 'sent') and p.grams > 10;
create function public.heavy(minimum integer default 5) returns table (id bigint, label text) language sql stable
    begin atomic select p.id, p.label from public.parcels p where p.grams > heavy.minimum; end;
--- a column has another collation
-- finding: column public.parcels."Odd ""Column"""
alter table public.parcels alter column "Odd ""Column""" type text collate "C";
--- a column may be null
-- finding: column public.people.joined
alter table public.people alter column joined drop not null;
--- a column must not be null
-- finding: column public.parcels.owner
alter table public.parcels alter column owner set not null;
--- a default is missing
-- finding: column public.people.joined
alter table public.people alter column joined drop default;
--- a default is another one
-- finding: column public.parcels."Odd ""Column"""
alter table public.parcels alter column "Odd ""Column""" set default 'it''s -- another; select 1';
--- a partition has a default of its own
-- finding: column public.events_2025.what
alter table public.events_2025 alter column what set default 'x';
--- a default was added
-- finding: column public.people.name
alter table public.people alter column name set default 'nobody';
--- an identity is always generated
-- finding: column public.parcels.id
alter table public.parcels alter column id set generated always;
--- an identity counts otherwise
-- finding: column public.parcels.id
alter table public.parcels alter column id set increment by 10 set cycle;
--- a column is no identity any more
-- finding: column public.parcels.id
alter table public.parcels alter column id drop identity;
--- a column is not generated any more
-- finding: column public.parcels.kilos
alter table public.parcels alter column kilos drop expression;
--- a column is generated otherwise
-- finding: column public.parcels.kilos
alter table public.parcels drop column kilos;
alter table public.parcels add column kilos numeric generated always as (grams / 1024.0) stored;
--- a column is stored otherwise
-- finding: column public.people.name
alter table public.people alter column name set storage external;
--- a primary key is missing
-- finding: constraint scratch_pkey of app.scratch
alter table app.scratch drop constraint scratch_pkey;
--- a foreign key is missing
-- finding: constraint parcels_owner_fkey of public.parcels
alter table public.parcels drop constraint parcels_owner_fkey;
--- a foreign key deletes no more
-- finding: constraint parcels_owner_fkey of public.parcels
alter table public.parcels drop constraint parcels_owner_fkey;
alter table public.parcels add constraint parcels_owner_fkey foreign key (owner) references public.people (id);
--- a foreign key was never validated
-- finding: constraint parcels_owner_fkey of public.parcels
alter table public.parcels drop constraint parcels_owner_fkey;
alter table public.parcels add constraint parcels_owner_fkey foreign key (owner) references public.people (id) on delete cascade not valid;
--- a check is another one
-- finding: constraint weight_is_sane of public.parcels
alter table public.parcels drop constraint weight_is_sane;
alter table public.parcels add constraint weight_is_sane check (grams < 200000 and label <> 'x');
--- of two checks the first is missing, and the second has its name
-- finding: constraint people_name_check of public.people
-- before: alter table public.people add check (name <> 'a'), add check (name <> 'b');
alter table public.people drop constraint people_name_check;
alter table public.people rename constraint people_name_check1 to people_name_check;
--- a check is unknown
-- finding: constraint people_name_check of public.people
alter table public.people add check (name <> 'somebody');
--- a unique constraint is called otherwise
-- finding: constraint people_mail of public.people
alter table public.people rename constraint people_mail to people_mail_is_unique;
--- an index is missing
-- finding: index public.parcels_owner
drop index public.parcels_owner;
--- an index is unknown
-- finding: index public.people_joined
create index people_joined on public.people (joined desc);
--- an index is another one
-- finding: index public.parcels_owner
drop index public.parcels_owner; create index parcels_owner on public.parcels (owner, state);
--- an index looks at other rows
-- finding: index public.parcels_label
drop index public.parcels_label;
create index parcels_label on public.parcels (lower(label::text)) where state <> 'new' and label in ('a', 'b');
--- an index became unique
-- finding: index public.parcels_owner
drop index public.parcels_owner; create unique index parcels_owner on public.parcels (owner);
--- an index is called otherwise
-- finding: index public.parcels_owner
alter index public.parcels_owner rename to parcels_by_owner;
--- an index of a materialised view is missing
-- finding: index app.counts_owner
drop index app.counts_owner;
--- a function is missing
-- finding: function app.is_owner(uuid)
drop function app.is_owner(uuid);
--- a function with a hostile name is missing
-- finding: function app."odd ""function"""(text)
drop function app."odd ""function"""(text);
--- a function is missing, and the triggers that called it
-- finding: function public.touch()
-- along: trigger on_auth_user_created of auth.users, trigger touched of public.parcels
drop function public.touch() cascade;
--- a function is unknown
-- finding: function public.free_for_all(integer)
create function public.free_for_all(a integer) returns integer language sql as 'select a';
--- a function does something else
-- finding: function public.touch()
create or replace function public.touch() returns trigger language plpgsql set search_path = '' as $$
begin
    new.label := 'another $a$ -- text; drop table x';
    return new;
end
$$;
--- a function of the standard's form does something else
-- finding: function public.heavy(integer)
create or replace function public.heavy(minimum integer default 5) returns table (id bigint, label text) language sql stable
    begin atomic select p.id, p.label from public.parcels p where p.grams < heavy.minimum; end;
--- a function acts as its caller
-- finding: function app.is_owner(uuid)
alter function app.is_owner(uuid) security invoker;
--- a function has no search_path
-- finding: function app.is_owner(uuid)
alter function app.is_owner(uuid) reset search_path;
--- a function is said to be immutable
-- finding: function app.is_owner(uuid)
alter function app.is_owner(uuid) immutable parallel safe;
--- a function returns something else
-- finding: function app.is_owner(uuid)
drop function app.is_owner(uuid);
create function app.is_owner(who uuid) returns integer language sql stable security definer set search_path = '' as 'select 1';
revoke execute on function app.is_owner(uuid) from public;
grant execute on function app.is_owner(uuid) to authenticated;
--- a function has another default
-- finding: function public.heavy(integer)
create or replace function public.heavy(minimum integer default 6) returns table (id bigint, label text) language sql stable
    begin atomic select p.id, p.label from public.parcels p where p.grams > heavy.minimum; end;
--- a function belongs to somebody else
-- superuser
-- finding: owner of function app.is_owner(uuid)
alter function app.is_owner(uuid) owner to courier;
--- a procedure is missing
-- finding: procedure app.tidy()
drop procedure app.tidy();
--- an aggregate is missing
-- finding: aggregate app.total(integer)
drop aggregate app.total(integer);
--- a trigger is missing
-- finding: trigger touched of public.parcels
drop trigger touched on public.parcels;
--- a trigger is disabled
-- finding: trigger touched of public.parcels
alter table public.parcels disable trigger touched;
--- a trigger fires otherwise
-- finding: trigger touched of public.parcels
drop trigger touched on public.parcels;
create trigger touched before insert on public.parcels for each row execute function public.touch();
--- a trigger of the platform's table is missing
-- finding: trigger on_auth_user_created of auth.users
drop trigger on_auth_user_created on auth.users;
--- a rule is missing
-- finding: rule no_scratch of app.scratch
drop rule no_scratch on app.scratch;
--- a view is missing
-- finding: view public.heavy_parcels
drop view public.heavy_parcels;
--- a view is unknown
-- finding: view public.everybody
create view public.everybody as select p.id, p.name from public.people p;
--- a view shows something else
-- finding: view public.heavy_parcels
create or replace view public.heavy_parcels with (security_invoker = on) as
    select p.id, p.label, p.grams * 2 as twice from public.parcels p where p.state in ('new', 'sent') and p.grams > 20;
--- a view has other columns
-- finding: view public.names
drop view public.names;
create view public.names as select id, name from public.people where name <> 'x';
--- a view acts as its owner
-- finding: view public.heavy_parcels
alter view public.heavy_parcels reset (security_invoker);
--- a materialised view is another one
-- finding: materialized view app.counts
drop materialized view app.counts;
create materialized view app.counts as select owner, count(*) as number from public.parcels where grams > 1 group by owner;
create index counts_owner on app.counts (owner);
--- a view became a table
-- finding: view public.names
drop view public.names;
create table public.names (name text);
--- a sequence is missing
-- finding: sequence app.numbers
drop sequence app.numbers;
--- a sequence counts otherwise
-- finding: sequence app.numbers
alter sequence app.numbers increment by 1;
--- an enum that much rests on has a value more
-- finding: type public.state
alter type public.state add value 'lost';
--- an enum has a value more, and nothing uses it
-- finding: type app.mood
-- before: create type app.mood as enum ('good', 'bad'); create table app.moods (mood app.mood default 'good', all_of_them app.mood[]);
alter type app.mood add value 'so so' before 'bad';
--- an enum has a value less
-- finding: type app.mood
-- before: create type app.mood as enum ('good', 'so so', 'bad'); create table app.moods (mood app.mood default 'good');
alter type app.mood rename to old_mood; create type app.mood as enum ('good', 'bad');
alter table app.moods alter mood drop default, alter mood type app.mood using mood::text::app.mood, alter mood set default 'good';
drop type app.old_mood;
--- a value of an enum is called otherwise
-- finding: type app.mood
-- before: create type app.mood as enum ('good', 'bad');
alter type app.mood rename value 'bad' to 'it''s; bad';
--- a domain allows more
-- finding: type public.code
alter domain public.code drop constraint code_length;
--- a domain is empty by default
-- finding: type public.code
alter domain public.code drop default; alter domain public.code drop not null;
--- a composite type has an attribute more
-- finding: type app.point
alter type app.point add attribute z integer;
--- a type is unknown
-- finding: type app.colour
create type app.colour as enum ('red', 'it''s');
--- a range is unknown
-- finding: type app.days
create type app.days as range (subtype = date);
--- a policy is missing
-- finding: policy "own people" of public.people
drop policy "own people" on public.people;
--- a policy is unknown
-- finding: policy "everybody; drop table x" of public.people
create policy "everybody; drop table x" on public.people for select using (true);
--- a policy lets more people in
-- finding: policy "own people" of public.people
alter policy "own people" on public.people to authenticated, anon;
--- a policy lets more rows through
-- finding: policy "own parcels" of public.parcels
alter policy "own parcels" on public.parcels using (true);
--- a policy became permissive
-- finding: policy """; drop policy x" of public.parcels
drop policy """; drop policy x" on public.parcels;
create policy """; drop policy x" on public.parcels for insert to anon, authenticated
    with check (exists (select from public.people p where p.id = parcels.owner and p.name in ('a', 'b')));
--- a policy of storage is another one
-- finding: policy "own objects" of storage.objects
alter policy "own objects" on storage.objects using (bucket_id <> 'papers');
--- a policy is called otherwise
-- finding: policy "own people" of public.people
alter policy "own people" on public.people rename to "their own people";
--- a table is open to visitors
-- finding: grants of anon on table public.people
grant select, insert on public.people to anon;
--- a table is closed to members
-- finding: grants of authenticated on table app.scratch
revoke select on app.scratch from authenticated;
--- a table is closed to visitors but for columns
-- finding: grants of anon on table public.parcels
revoke all on public.parcels from anon;
--- a grant may be passed on
-- finding: grants of authenticated on table app.scratch
grant select on app.scratch to authenticated with grant option;
--- a column is open to visitors
-- finding: grants of anon on column public.people.mail
grant select (mail) on public.people to anon;
--- a column is closed
-- finding: grants of anon on column public.people.name
revoke select (name) on public.people from anon;
--- a function is open to everybody
-- finding: grants of public on function app.is_owner(uuid)
grant execute on function app.is_owner(uuid) to public;
--- a function is closed to members
-- finding: grants of authenticated on function app.is_owner(uuid)
revoke execute on function app.is_owner(uuid) from authenticated;
--- a sequence is open
-- finding: grants of anon on sequence app.numbers
grant usage, select on sequence app.numbers to anon;
--- a schema is open
-- finding: grants of anon on schema app
grant usage on schema app to anon;
--- everybody may make things in public
-- finding: grants of public on schema public
grant create on schema public to public;
-- superuser
--- a type is closed
-- finding: grants of public on type public.state
revoke usage on type public.state from public;
--- default privileges of a schema
-- finding: default privileges of anon on tables of postgres in app
alter default privileges in schema app grant select on tables to anon;
--- default privileges of a schema are gone
-- finding: default privileges of authenticated on tables of postgres in app
alter default privileges in schema app revoke select on tables from authenticated;
--- default privileges of all schemas
-- finding: default privileges of public on functions of postgres
alter default privileges grant execute on functions to public;
--- a role is missing
-- finding: role packer
drop role packer;
--- a role is unknown, and what it may do
-- finding: role spy
-- along: grants of spy on table public.people, membership of spy in authenticated, setting search_path of spy
create role spy login;
grant select on public.people to spy;
grant authenticated to spy;
alter role spy set search_path = public, app;
--- a role may log in
-- finding: role courier
alter role courier login connection limit 3;
--- a role of the API passes row level security
-- finding: role authenticated
alter role authenticated bypassrls;
-- superuser
--- a membership is missing
-- finding: membership of authenticator in courier
revoke courier from authenticator;
--- a membership is unknown
-- finding: membership of authenticated in service_role
grant service_role to authenticated;
--- a setting of a role is another one
-- finding: setting statement_timeout of courier
alter role courier set statement_timeout = '0';
--- a setting of a role is missing
-- finding: setting statement_timeout of courier
alter role courier reset statement_timeout;
--- a setting of a role is unknown
-- finding: setting pgrst.db_pre_request of authenticator
alter role authenticator set pgrst.db_pre_request = 'app.check_it';
--- a setting of the database is another one
-- finding: setting search_path in this database
do 'begin execute format(''alter database %I set search_path = "$user", app, public'', current_database()); end';
--- a setting of the database is unknown
-- superuser
-- finding: setting app.jwt_secret in this database
do 'begin execute format(''alter database %I set app.jwt_secret = %L'', current_database(), ''100% "it''''s''); end';
--- an extension is missing
-- finding: extension pg_net
drop extension pg_net;
--- an extension is unknown
-- finding: extension hypopg
create extension hypopg with schema extensions;
--- a publication is missing
-- finding: publication outward
-- along: table public.people of publication outward
drop publication outward;
--- a publication tells less
-- finding: publication outward
alter publication outward set (publish = 'insert');
--- a table is not published any more
-- finding: table public.parcels of publication supabase_realtime
alter publication supabase_realtime drop table public.parcels;
--- a table is published
-- finding: table public.people of publication supabase_realtime
alter publication supabase_realtime add table public.people;
--- other columns are published
-- finding: table public.people of publication outward
alter publication outward set table public.people (id) where (name <> 'x');
--- a bucket is missing
-- finding: storage bucket papers
delete from storage.buckets where id = 'papers';
--- a bucket is unknown
-- finding: storage bucket "pa'pers"
insert into storage.buckets (id, name, public, allowed_mime_types) values ('pa''pers', 'x', true, '{image/png}');
--- a bucket is public
-- finding: storage bucket papers
update storage.buckets set public = true where id = 'papers';
--- a job of cron is missing
-- finding: cron job nightly
select cron.unschedule('nightly');
--- a job of cron is unknown
-- finding: cron job hourly
select cron.schedule('hourly', '0 * * * *', $$ select 'it''s' $$);
--- a job of cron runs at another time
-- finding: cron job nightly
select cron.schedule('nightly', '0 4 * * *', 'delete from app.scratch');
--- a job of cron does not run
-- finding: cron job nightly
select cron.alter_job((select jobid from cron.job where jobname = 'nightly'), active => false);
--- statistics are missing
-- finding: statistics object app.parcels_both
drop statistics app.parcels_both;
--- an event trigger is unknown
-- finding: function app.watch()
-- along: event trigger watching
create function app.watch() returns event_trigger language plpgsql as 'begin end';
create event trigger watching on ddl_command_end execute function app.watch();
-- superuser
