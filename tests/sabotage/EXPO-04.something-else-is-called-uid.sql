-- object: public.messages_sent()
-- object: public.names_alike()
set role postgres;
create function private.uid() returns uuid language sql immutable set search_path = ''
as $$ select '00000000-0000-4000-8000-000000000001'::uuid $$;
create function public.messages_sent() returns bigint language sql stable security definer set search_path = private, public
as 'select count(*) from messages where sender_id = uid()';
create function public.names_alike() returns setof text language sql stable security definer set search_path = public
as $$ select auth.name from profiles auth where auth.name <> 'auth.uid()' and current_setting('request.path', true) <> '' $$;
grant execute on function private.uid(), public.messages_sent(), public.names_alike() to authenticated;
