set role postgres;
create view public.open_requests with (security_invoker = true) as
select r.id, r.title, r.description, p.name from public.help_requests r join public.profiles p on p.id = r.user_id
where r.status = 'open';
create function public.my_own() returns setof public.profiles language sql stable security definer set search_path = ''
as 'select p.* from public.profiles p where p.id = auth.uid()';
create function public.how_many() returns table (what text, many bigint)
language sql stable security definer set search_path = ''
as 'select ''members'', count(*) from public.profiles where auth.uid() is not null';
create function public.latest_title() returns text language sql stable security definer set search_path = ''
as 'select title from public.help_requests where status = ''open'' and private.is_approved() order by created_at desc limit 1';
grant select on public.open_requests to authenticated;
grant execute on function public.my_own(), public.how_many(), public.latest_title() to authenticated;
