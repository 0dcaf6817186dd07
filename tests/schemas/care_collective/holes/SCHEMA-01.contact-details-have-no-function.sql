-- object: function public.get_contact_info_with_consent(uuid,uuid)
drop function public.get_contact_info_with_consent(uuid, uuid);
