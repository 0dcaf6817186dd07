-- object: on_auth_user_created on auth.users
-- also: AUTH-04 AUTH-06 SCHEMA-01
drop trigger on_auth_user_created on auth.users;
