-- object: public.receipt(uuid)
-- It asks whether somebody is signed in, and not whose order it is.
create function public.receipt(order_id uuid) returns table (number bigint, email text, notes text)
    language plpgsql stable security definer set search_path = '' as $$
begin
    if auth.uid() is null then
        raise exception 'sign in first';
    end if;
    return query
        select o.number, c.email::text, c.notes
        from public.orders o join public.customers c on (c.tenant_id, c.id) = (o.tenant_id, o.customer_id)
        where o.id = receipt.order_id;
end
$$;
grant execute on function public.receipt(uuid) to authenticated;
