alter table auth.users enable always trigger on_auth_user_created;
