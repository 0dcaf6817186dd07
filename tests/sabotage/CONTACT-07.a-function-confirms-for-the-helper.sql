-- object: public.confirm_exchange(uuid)
reset role;  -- a superuser's: the trigger that guards the confirmation lets nobody else
create function public.confirm_exchange(p_exchange uuid) returns void language sql security definer set search_path='' as
$$ update public.contact_exchanges set confirmed_at = now() where id = p_exchange and auth.uid() in (helper_id, requester_id) $$;
