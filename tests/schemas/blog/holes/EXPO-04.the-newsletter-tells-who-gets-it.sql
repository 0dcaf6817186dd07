-- object: public.recipients(integer)
create function public.recipients(lowest integer) returns setof text
    language sql stable security definer set search_path = '' as $$
    select s."eMail" from public.subscribers s where s.level >= lowest
$$;
grant execute on function public.recipients(integer) to anon, authenticated;
