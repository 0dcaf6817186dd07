-- object: function public.verify_rls_security()
-- also: RLS-11
alter function public.verify_rls_security() rename to verify_row_level_security;
