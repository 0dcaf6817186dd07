create schema if not exists "private";
alter schema "private" owner to "postgres";
revoke all on schema private from anon, authenticated;
