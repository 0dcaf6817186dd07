-- object: public.get_contact_info_with_consent(uuid,uuid)
grant execute on function public.get_contact_info_with_consent(uuid, uuid) to public;
