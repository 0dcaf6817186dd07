-- A project that is hostile to those who audit it: applied as its only migration.

create table public.calm (id bigint generated always as identity primary key, user_id uuid references auth.users, note text);
alter table public.calm enable row level security;
create policy own on public.calm to authenticated using (user_id = (select auth.uid()));

-- Policies that never end (they sleep: going round in circles would only warm the machine), write, ask themselves.
create function public.never() returns boolean language plpgsql stable as 'begin perform pg_sleep(1000); end';
create table public.endless (id uuid primary key default gen_random_uuid(), user_id uuid, note text);
alter table public.endless enable row level security;
create policy own on public.endless to authenticated using (user_id = (select auth.uid()));
create policy never on public.endless as restrictive to authenticated using (public.never());

create table public.sleepy (id uuid primary key default gen_random_uuid(), user_id uuid, note text);
alter table public.sleepy enable row level security;
create policy own on public.sleepy to authenticated using (pg_sleep(20) is not null and user_id = (select auth.uid()));

create table public.looked_at (n int);
create function public.noted() returns boolean language plpgsql security definer set search_path = '' as
'begin insert into public.looked_at values (1); return true; end';
create table public.writing (id uuid primary key default gen_random_uuid(), user_id uuid, note text);
alter table public.writing enable row level security;
create policy own on public.writing to authenticated using (public.noted() and user_id = (select auth.uid()));

create table public.circular (id uuid primary key default gen_random_uuid(), user_id uuid, note text);
alter table public.circular enable row level security;
create policy own on public.circular to authenticated using (id in (select c.id from public.circular c));

-- Triggers that sleep, wait for a lock, never end, raise at the end.
create function public.dozes() returns trigger language plpgsql as 'begin perform pg_sleep(20); return new; end';
create table public.dozing (id uuid primary key default gen_random_uuid(), user_id uuid, note text);
create trigger dozes before insert or update or delete on public.dozing for each row execute function public.dozes();
create function public.locks() returns trigger language plpgsql as
'begin perform pg_advisory_lock(4711); return new; end';
create table public.locking (id uuid primary key default gen_random_uuid(), user_id uuid, note text);
create trigger locks before insert or update on public.locking for each row execute function public.locks();
create function public.circles() returns trigger language plpgsql as 'begin perform pg_sleep(1000); end';
create table public.circling (id uuid primary key default gen_random_uuid(), user_id uuid, note text);
create trigger circles after insert or update or delete on public.circling for each row execute function public.circles();
create function public.refuses() returns trigger language plpgsql as $$ begin raise exception 'never'; end $$;
create table public.refusing (id uuid primary key default gen_random_uuid(), user_id uuid, note text);
create constraint trigger refuses after insert or update or delete on public.refusing deferrable initially deferred
for each row execute function public.refuses();

-- Shapes of tables.
do $$ begin
    execute 'create table public.wide (user_id uuid primary key, '
        || (select string_agg('c' || n || ' int', ', ') from generate_series(1, 1599) n) || ')';
end $$;
create table public."select ""from" ("user" uuid, "order by" int, "100%s {object}" text);
create table public.generated (user_id uuid, note text, n int, key text generated always as (md5(coalesce(note, '')) || n) stored
                               primary key);
create table public.only_generated (a int generated always as (1) stored, b text generated always as ('x') stored);
create table public.no_columns ();
create type public.mood as enum ('good', 'bad');
create domain public.feeling as public.mood;
create type public.pair as (one int, two text);
create table public.odd (feeling public.feeling, user_id uuid, pair public.pair, pairs public.pair[], primary key (feeling, user_id));
create table public.parted (id bigint primary key, user_id uuid, note text) partition by range (id);
do $$ begin
    for n in 0..49 loop
        execute format('create table public.parted_%s partition of public.parted for values from (%s) to (%s)', n, n * 10, n * 10 + 10);
        execute format('alter table public.parted_%s enable row level security', n);
    end loop;
end $$;
create table public.parent (id bigint primary key, user_id uuid, note text);
create table public.child (more text) inherits (public.parent);
create table public.of_another (id uuid primary key default gen_random_uuid(), user_id uuid, note text);
grant create on schema public to service_role;
alter table public.of_another owner to service_role;
revoke create on schema public from service_role;
alter table public.of_another force row level security;
create table public.ruled (id uuid primary key default gen_random_uuid(), user_id uuid, note text);
create rule also as on update to public.ruled do also insert into public.looked_at values (1);
create rule never as on delete to public.ruled do instead nothing;
do $$
declare
    t text;
begin
    foreach t in array array['dozing', 'locking', 'circling', 'refusing', 'wide', 'generated', 'odd', 'parted', 'parent',
                             'child', 'of_another', 'ruled']
    loop
        execute format('alter table public.%I enable row level security', t);
        execute format('create policy own on public.%I to authenticated using (user_id = (select auth.uid()))', t);
    end loop;
    execute 'alter table public."select ""from" enable row level security';
    execute 'create policy own on public."select ""from" to authenticated using ("user" = (select auth.uid()))';
end $$;
grant select, insert, update, delete on all tables in schema public to authenticated;

-- Views and functions.
create view public.instead with (security_invoker) as select * from public.calm;
create trigger dozes instead of insert or update or delete on public.instead for each row execute function public.dozes();
grant all on public.instead to authenticated;
create function public.loops(user_id uuid) returns int language plpgsql stable as 'begin perform pg_sleep(1000); end';
create function public.counts() returns setof int language sql as 'select generate_series(1, 1000000000)';
create function public.deeper(n int) returns int language plpgsql as 'begin return public.deeper(n + 1); end';
do $$ begin
    for n in 1..300 loop
        execute format('create function public.f%s(user_id uuid, calm_id bigint, kind text) returns text language plpgsql stable
                        as ''begin return (select note from public.calm where id = calm_id); end''', n);
    end loop;
end $$;
grant execute on all functions in schema public to anon, authenticated;
