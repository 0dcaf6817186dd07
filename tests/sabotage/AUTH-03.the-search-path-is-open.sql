-- object: on_auth_user_created on auth.users
-- also: EXPO-03
alter function private.handle_new_user() reset search_path;
