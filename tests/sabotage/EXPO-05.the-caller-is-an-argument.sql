-- object: public.close_request(uuid,uuid)
-- The check compares two arguments, and none of them with the caller.
set role postgres;
create function public.close_request(request_id uuid, user_id uuid) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
    perform auth.uid();
    update public.help_requests r set status = 'cancelled'
    where r.id = close_request.request_id and r.user_id = close_request.user_id and r.status <> 'cancelled';
    return found;
end $$;
grant execute on function public.close_request(uuid, uuid) to authenticated;
