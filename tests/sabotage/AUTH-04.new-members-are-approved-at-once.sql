-- object: auth_service: sign up with a name
alter table public.profiles alter column verification_status set default 'approved';
