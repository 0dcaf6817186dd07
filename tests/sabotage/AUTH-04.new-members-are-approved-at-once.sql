-- object: auth_service: sign up *
alter table public.profiles alter column verification_status set default 'approved';
