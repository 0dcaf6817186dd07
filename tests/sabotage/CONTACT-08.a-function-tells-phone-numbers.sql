-- object: public.member_card(uuid,boolean)
-- object: public.everybody()
-- also: EXPO-04 EXPO-05 EXPO-11
create function public.member_card(member uuid, short boolean default false) returns jsonb
language sql stable security definer set search_path = '' as $$
    select jsonb_build_object('card', jsonb_build_array(p.phone)) from public.profiles p where p.id = member
$$;
create function public.everybody() returns setof public.profiles
language sql stable security definer set search_path = '' as $$
    select p.* from public.profiles p where auth.uid() is not null
$$;
grant execute on function public.member_card(uuid, boolean), public.everybody() to authenticated;
