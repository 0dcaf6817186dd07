-- set: public_functions = ["public.member_count()"]
-- set: public_tables = ["public.towns"]
set role postgres;
create table public.towns (name text primary key);
alter table public.towns enable row level security;
create policy "everybody knows the towns" on public.towns for select to anon, authenticated using (true);
-- Through a helper, a view, a setting, a statement that is put together.
create function public.helped() returns bigint language sql stable security definer set search_path = private, pg_temp
as 'select count(*) from public.help_requests where is_admin()';
create view private.mine as select * from public.help_requests where user_id = auth.uid();
create function public.mine() returns bigint language sql stable security definer set search_path = ''
as 'select count(*) from private.mine';
create function public.claims() returns bigint language plpgsql stable security definer set search_path = '' as $$
declare me uuid := (current_setting('request.jwt.claims', true)::jsonb ->> 'sub')::uuid;
begin return (select count(*) from public.messages m where m.sender_id = me); end $$;
create function public.counted(kind text) returns bigint language plpgsql stable security definer set search_path = '' as $$
declare found bigint; question text;
begin
  question := format('select count(*) from public.%I where user_id = auth.uid()', kind);
  execute question into found;
  return found;
end $$;
create function public.standard() returns bigint language sql stable security definer set search_path = ''
begin atomic select count(*) from public.messages m where m.sender_id = auth.uid(); end;
-- They touch nothing, or what everybody may read.
create function public.weekday() returns integer language sql stable security definer set search_path = ''
as 'select extract(dow from now())::integer';
create function public.towns() returns setof text language sql stable security definer set search_path = public
as 'select name from towns';
-- Declared public, out of reach, or called by triggers only.
create function public.member_count() returns bigint language sql stable security definer set search_path = ''
as 'select count(*) from public.profiles';
create function public.server_count() returns bigint language sql stable security definer set search_path = ''
as 'select count(*) from public.profiles';
create function private.helper_count() returns bigint language sql stable security definer set search_path = ''
as 'select count(*) from public.profiles';
create function public.noted() returns trigger language plpgsql security definer set search_path = ''
as 'begin update public.profiles set name = name; return new; end';
grant execute on function public.helped(), public.mine(), public.claims(), public.counted(text), public.standard(),
public.weekday(), public.towns(), public.member_count(), private.helper_count(), public.noted() to authenticated;
