-- object: net.http_post(text,jsonb)
-- object: vault.decrypted_secrets
-- object: pg_read_file(text)
create schema net;
grant usage on schema net to public;
create function net.http_post(url text, body jsonb) returns bigint language sql as 'select 1::bigint';
grant usage on schema vault to authenticated;
grant select on vault.decrypted_secrets to authenticated;
grant execute on function pg_catalog.pg_read_file(text) to authenticated;
