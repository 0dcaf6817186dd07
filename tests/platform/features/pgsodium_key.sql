create extension if not exists pgsodium;
select id from pgsodium.create_key(name := 'notes');
grant pgsodium_keyiduser to service_role;
