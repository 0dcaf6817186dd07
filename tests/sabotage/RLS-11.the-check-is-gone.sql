-- object: public.verify_rls_security()
-- also: SCHEMA-01
drop function public.verify_rls_security();
