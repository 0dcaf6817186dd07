-- The owner takes somebody in, by a function that asks whose project it is.
create function public.take_in(project uuid, person uuid) returns void
    language sql security definer set search_path = '' as $$
    update public.projects set members = members || person
    where id = project and owner_id = auth.uid() and not person = any (members)
$$;
grant execute on function public.take_in(uuid, uuid) to authenticated;
