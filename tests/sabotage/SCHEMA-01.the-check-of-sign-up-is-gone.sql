-- object: function public.verify_user_registration_system()
drop function public.verify_user_registration_system();
