-- object: public.contact_exchanges
create or replace function public.offer_exchange_on_match() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    delete from public.contact_exchanges e where e.request_id = new.id and e.helper_id is distinct from new.helper_id;
    if new.helper_id is not null then
        insert into public.contact_exchanges (request_id, helper_id, requester_id, exchange_type, confirmed_at)
        values (new.id, new.helper_id, new.user_id, 'display', now());
    end if;
    return null;
end
$$;
