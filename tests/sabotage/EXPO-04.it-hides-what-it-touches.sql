-- object: public.fetch_page(text)
-- object: public.export_table(text)
-- object: public.export_profiles()
-- object: public.rename_member(uuid)
-- also: EXPO-05
-- No rows are exported: a server that was built without XML could not, and EXPO-11 would be violated on the others only.
set role postgres;
create schema net;
create function net.http_post(url text) returns bigint language sql as 'select 1::bigint';
create function public.fetch_page(url text) returns bigint language sql security definer set search_path = ''
as 'select net.http_post(url)';
create function public.export_table(name text) returns setof text language plpgsql security definer set search_path = ''
as $$ begin return query execute format('select t::text from public.%I t', name); end $$;
create function public.export_profiles() returns text language sql security definer set search_path = ''
as $$ select query_to_xml('select * from public.profiles where false', true, true, '')::text $$;
create procedure public.rename_member(who uuid) language plpgsql security definer set search_path = public
as $$ begin update profiles set name = 'Robin' where id = who; end $$;
grant execute on routine public.fetch_page(text), public.export_table(text), public.export_profiles(),
public.rename_member(uuid) to anon;
