create extension if not exists "pg_net" with schema "public";
comment on extension "pg_net" is 'asynchronous HTTP';
grant usage on schema net to postgres, anon, authenticated, service_role;
