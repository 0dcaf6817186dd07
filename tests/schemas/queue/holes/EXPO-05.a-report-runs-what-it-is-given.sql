-- object: public.run_report(text)
create function public.run_report(query text) returns setof jsonb
    language plpgsql stable security definer set search_path = '' as $$
begin
    if auth.uid() is null then
        return;
    end if;
    return query execute format('select to_jsonb(r) from (%s) as r', query);
end
$$;
grant execute on function public.run_report(text) to authenticated;
