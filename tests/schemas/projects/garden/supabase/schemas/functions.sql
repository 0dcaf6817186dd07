create function public.my_beds() returns setof public.beds
    language sql stable set search_path = '' as $$
    select b.* from public.beds b where b.tenant_id = (select auth.uid())
$$;
grant execute on function public.my_beds() to authenticated;

create function public.rents() returns table (tenant uuid, rent numeric)
    language sql stable security definer set search_path = '' as $$
    select a.tenant_id, a.rent from public.allotments a
$$;
grant execute on function public.rents() to authenticated;
