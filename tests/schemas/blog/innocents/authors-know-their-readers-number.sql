-- With its owner's rights, but about the caller's own affairs only.
create function public.my_followers() returns bigint
    language sql stable security definer set search_path = '' as $$
    select count(*) from public.follows f where f.author_id = internal.author_id()
$$;
grant execute on function public.my_followers() to authenticated;
