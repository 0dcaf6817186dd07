-- object: public.reach_member(uuid)
-- also: CONTACT-08
-- It asks who is calling, and then believes the argument.
set role postgres;
create function public.reach_member(member uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
    if auth.uid() is null then
        raise exception 'sign in first';
    end if;
    return (select jsonb_build_object('reach', 'Call ' || p.phone || ' today') from public.profiles p where p.id = member);
end $$;
grant execute on function public.reach_member(uuid) to authenticated;
