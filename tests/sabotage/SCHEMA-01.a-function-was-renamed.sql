-- object: function public.verify_rls_security()
alter function public.verify_rls_security() rename to verify_row_level_security;
