create extension pg_net;
drop extension if exists "pg_net";
create extension if not exists "pg_net" with schema "extensions";
