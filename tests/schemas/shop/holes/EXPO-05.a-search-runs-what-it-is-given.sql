-- object: public.search_customers(text)
create function public.search_customers(filter text) returns setof text
    language plpgsql stable security definer set search_path = '' as $$
begin
    if auth.uid() is null then
        return;
    end if;
    return query execute 'select c.email::text from public.customers c where ' || filter;
end
$$;
grant execute on function public.search_customers(text) to authenticated;
