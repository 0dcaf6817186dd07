-- object: auth_service: sign up with a name
-- blind: AUTH-05
alter table public.profiles alter column location set not null;
