-- Anybody opens a shop, and is its owner: there was nothing in it before.
create function public.open_shop(shop_name text) returns uuid
    language plpgsql security definer set search_path = '' as $$
declare
    made uuid;
begin
    if auth.uid() is null or btrim(coalesce(shop_name, '')) = '' then
        raise exception 'a shop needs a name and an owner';
    end if;
    insert into public.tenants (slug, name, owner_id)
    values ('shop-' || replace(left(gen_random_uuid()::text, 8), '-', ''), shop_name, auth.uid()) returning id into made;
    insert into public.memberships (tenant_id, user_id, role) values (made, auth.uid(), 'owner');
    return made;
end
$$;
grant execute on function public.open_shop(text) to authenticated;
