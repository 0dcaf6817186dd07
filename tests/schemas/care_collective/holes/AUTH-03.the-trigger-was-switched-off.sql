-- object: on_auth_user_created on auth.users
-- also: AUTH-04 AUTH-06 MAINT-08
alter table auth.users disable trigger on_auth_user_created;
