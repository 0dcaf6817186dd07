-- object: public.members_near(text)
set role postgres;
create function public.members_near(place text) returns table (id uuid, location text)
language plpgsql stable set search_path = '' as $$
begin
    return query select p.id, p.location from public.profiles p where location = place;
end $$;
grant execute on function public.members_near(text) to authenticated;
