-- object: auth.users
grant select (id, email) on auth.users to authenticated;
