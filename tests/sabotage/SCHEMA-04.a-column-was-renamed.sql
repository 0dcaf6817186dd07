-- object: public.take_over(uuid)
-- Only whoever comes past the checks meets the column that is gone.
set role postgres;
create function public.take_over(request_id uuid) returns void language plpgsql security definer set search_path = '' as $$
begin
    if not private.is_approved() then
        raise exception 'not for you';
    end if;
    update public.help_requests r set claimed_by = auth.uid() where r.id = take_over.request_id;
end $$;
grant execute on function public.take_over(uuid) to authenticated;
