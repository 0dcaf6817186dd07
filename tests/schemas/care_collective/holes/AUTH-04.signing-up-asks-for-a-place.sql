-- object: auth_service: sign up with a name
alter table public.profiles alter column location set not null;
