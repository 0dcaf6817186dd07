-- object: public.verify_user_registration_system()
-- also: SCHEMA-01
drop function public.verify_user_registration_system();
