-- sslinfo: no connection to a disposable server is encrypted.
-- Source: https://www.postgresql.org/docs/current/sslinfo.html

create function ssl_is_used() returns boolean language sql stable parallel restricted return false;
create function ssl_version() returns text language sql stable parallel restricted return null::text;
create function ssl_cipher() returns text language sql stable parallel restricted return null::text;
create function ssl_client_cert_present() returns boolean language sql stable parallel restricted return false;
create function ssl_client_serial() returns numeric language sql stable parallel restricted return null::numeric;
create function ssl_client_dn() returns text language sql stable parallel restricted return null::text;
create function ssl_issuer_dn() returns text language sql stable parallel restricted return null::text;
create function ssl_client_dn_field(text) returns text language sql stable strict parallel restricted return null::text;
create function ssl_issuer_field(text) returns text language sql stable strict parallel restricted return null::text;
create function ssl_extension_info(out name text, out value text, out critical boolean) returns setof record
    language sql stable parallel restricted as $$ select null::text, null::text, null::boolean where false $$;
