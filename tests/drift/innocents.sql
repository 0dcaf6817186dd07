--- the server gave a check another name
alter table public.parcels rename constraint parcels_grams_check to parcels_grams_check1;
--- the server gave a foreign key another name
alter table public.parcels rename constraint parcels_owner_fkey to packages_owner_fkey2;
--- a table was renamed, and its key was not
alter table app.scratch rename constraint scratch_pkey to old_scratch_pkey;
--- two checks have each the name of the other
alter table public.people add check (name <> 'a'), add check (name <> 'b');
-- before: alter table public.people add check (name <> 'b'), add check (name <> 'a');
--- comments
comment on table public.people is 'Another comment';
comment on function public.touch() is 'drop table x';
comment on policy "own people" on public.people is 'x';
--- a body has other white space, comments and letters
create or replace function public.touch() returns trigger language plpgsql set search_path = '' as $$
    BEGIN NEW.label := COALESCE(new.label, '$b$; drop table x; $b$'); /* another comment */ RETURN new; END $$;
--- columns in another order
drop table "Odd ""Schema""; drop table public.parcels"."Odd ""Table""";
create table "Odd ""Schema""; drop table public.parcels"."Odd ""Table""" ("from" text, "select" integer primary key);
--- attributes in another order
alter type app.point drop attribute x;
alter type app.point add attribute x integer;
--- statistics of a column
alter table public.people alter column name set statistics 500;
--- an option is written otherwise
alter view public.heavy_parcels set (security_invoker = true);
alter view public.names set (security_invoker = off);
--- what the owner has anyhow
grant all on public.people to postgres;
grant usage on schema app to postgres;
--- a policy names its roles in another order
alter policy """; drop policy x" on public.parcels to authenticated, anon;
--- rows, and how far sequences have got
insert into public.people (name) values ('somebody');
select nextval('app.numbers');
--- a trigger was made anew
drop trigger touched on public.parcels;
create trigger touched before update on public.parcels
    for each row when (old.label is distinct from new.label) execute function public.touch();
--- the login of the audit
create role care_auditor login;
grant select on public.people to care_auditor;
grant authenticated to care_auditor;
alter role care_auditor set statement_timeout = '1s';
--- what the platform changes of its own
alter table auth.users add column something_new text;
create role supabase_something_new;
grant select on public.people to supabase_something_new;
create function extensions.something_new() returns integer language sql as 'select 1';
-- superuser
--- what a tool notes
create table public._prisma_migrations (id text primary key, checksum text not null);
create index on public._prisma_migrations (checksum);
