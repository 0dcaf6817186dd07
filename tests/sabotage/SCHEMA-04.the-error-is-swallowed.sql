-- object: public.close_mine(uuid)
set role postgres;
create function public.close_mine(request uuid) returns jsonb language plpgsql set search_path = public as $$
begin
    update help_requests set state = 'closed' where id = request;
    return jsonb_build_object('success', true);
exception when others then
    return jsonb_build_object('success', false, 'error', sqlerrm);
end $$;
grant execute on function public.close_mine(uuid) to authenticated;
