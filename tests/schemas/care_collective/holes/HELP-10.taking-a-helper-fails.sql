-- object: alice: take a helper
-- blind: CONTACT-10
create or replace function public.offer_exchange_on_match() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    if new.helper_id is not null then
        insert into public.contact_exchanges (request_id, helper_id, requester_id, exchange_type)
        values (new.id, new.helper_id, new.user_id, 'automatic');
    end if;
    return null;
end
$$;
