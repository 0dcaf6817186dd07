-- object: anon as helpers
-- object: anon as service_role
create role helpers login;
grant service_role to helpers;
grant helpers to anon;
