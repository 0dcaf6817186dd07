-- Made up as it runs, but what it is given is a value and no text of the statement.
create function public.find_jobs(word text) returns setof bigint
    language plpgsql stable security definer set search_path = '' as $$
begin
    return query execute 'select j.id from public.jobs j where j.requested_by = auth.uid() and j.queue = $1' using word;
end
$$;
grant execute on function public.find_jobs(text) to authenticated;
