-- object: on_auth_user_created on auth.users
-- also: AUTH-04
-- blind: AUTH-07
alter function private.handle_new_user() security invoker;
