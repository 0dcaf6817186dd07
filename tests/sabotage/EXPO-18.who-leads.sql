-- object: public.leaders
-- object: public.helpers_today()
-- set: declared_tables = []
set role postgres;
create view public.leaders as
    select p.name, count(*) as helped from public.help_requests r join public.profiles p on p.id = r.helper_id
    group by p.name;
create function public.helpers_today() returns table (name text, score bigint)
language sql stable security definer set search_path = '' as $$
    select p.name, count(*) from public.help_requests r join public.profiles p on p.id = r.helper_id group by p.name
$$;
grant select on public.leaders to anon;
grant execute on function public.helpers_today() to anon;
