-- blind: CONTACT-10
-- object: alice: take a helper
create or replace function public.offer_exchange_on_match() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    insert into public.contact_exchanges (request_id, helper_id, requester_id, exchange_type)
    values (new.id, new.helper_id, new.user_id, 'automatic');
    return null;
end
$$;
