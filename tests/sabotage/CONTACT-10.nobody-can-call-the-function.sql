-- object: bob: call public.get_contact_info_with_consent
revoke execute on function public.get_contact_info_with_consent(uuid, uuid) from authenticated;
