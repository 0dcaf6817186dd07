-- object: public.escalate(uuid)
set role postgres;
create function public.escalate(request uuid) returns void language plpgsql set search_path = '' as $$
begin
    if extract(month from now()) = 13 then
        insert into public.escalations (request_id) values (request);
    end if;
end $$;
