-- pgsodium: names and forms only; nothing is encrypted well. Supabase advises against it.
-- Source: https://supabase.com/docs/guides/database/extensions/pgsodium

create type pgsodium.key_status as enum ('default', 'valid', 'invalid', 'expired');
create type pgsodium.key_type as enum ('aead-ietf', 'aead-det', 'hmacsha512', 'hmacsha256', 'auth', 'shorthash',
    'generichash', 'kdf', 'secretbox', 'secretstream', 'stream_xchacha20');
create table pgsodium.key (
    id uuid primary key default gen_random_uuid(),
    status pgsodium.key_status default 'valid',
    created timestamptz not null default current_timestamp,
    expires timestamptz,
    key_type pgsodium.key_type,
    key_id bigserial,
    key_context bytea default '\x7067736f6469756d',
    name text unique,
    associated_data text default 'associated',
    raw_key bytea,
    raw_key_nonce bytea,
    parent_key uuid references pgsodium.key (id),
    comment text,
    user_data text
);
create view pgsodium.valid_key as
    select id, name, status, key_type, key_id, key_context, created, expires, associated_data
    from pgsodium.key
    where status in ('valid', 'default') and (expires is null or expires > now());
create view pgsodium.decrypted_key as select *, raw_key as decrypted_raw_key from pgsodium.key;

create function pgsodium.create_key(
    key_type pgsodium.key_type default 'aead-det', name text default null, raw_key bytea default null,
    raw_key_nonce bytea default null, parent_key uuid default null, key_context bytea default '\x7067736f6469756d',
    expires timestamptz default null, associated_data text default ''
) returns pgsodium.valid_key language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    made pgsodium.valid_key;
    new_id pg_catalog.uuid;
begin
    insert into pgsodium.key (key_type, name, raw_key, raw_key_nonce, parent_key, key_context, expires, associated_data)
    values (create_key.key_type, create_key.name, create_key.raw_key, create_key.raw_key_nonce, create_key.parent_key,
        create_key.key_context, create_key.expires, create_key.associated_data)
    returning id into new_id;
    select * into made from pgsodium.valid_key v where v.id = new_id;
    return made;
end
$$;
revoke all on function pgsodium.create_key(pgsodium.key_type, text, bytea, bytea, uuid, bytea, timestamptz, text) from public;

create function pgsodium.randombytes_random() returns integer language sql volatile set search_path = ''
    return (pg_catalog.random() * 2147483647)::integer;
create function pgsodium.randombytes_buf(size integer) returns bytea language sql volatile set search_path = '' as $$
    select substr(string_agg(pg_catalog.uuid_send(pg_catalog.gen_random_uuid()), ''::bytea), 1, size)
    from generate_series(0, size / 16)
$$;
create function pgsodium.crypto_aead_det_keygen() returns bytea language sql volatile set search_path = ''
    return pgsodium.randombytes_buf(32);
create function pgsodium.crypto_aead_det_noncegen() returns bytea language sql volatile set search_path = ''
    return pgsodium.randombytes_buf(16);
create function pgsodium.crypto_aead_det_encrypt(
    message bytea, additional bytea, key_uuid uuid, nonce bytea default null
) returns bytea language sql immutable set search_path = ''
    return pg_catalog.decode(pg_catalog.reverse(pg_catalog.encode(message, 'hex')), 'hex');
create function pgsodium.crypto_aead_det_decrypt(
    message bytea, additional bytea, key_uuid uuid, nonce bytea default null
) returns bytea language sql immutable set search_path = ''
    return pg_catalog.decode(pg_catalog.reverse(pg_catalog.encode(message, 'hex')), 'hex');
create function pgsodium.crypto_secretbox_keygen() returns bytea language sql volatile set search_path = ''
    return pgsodium.randombytes_buf(32);
create function pgsodium.crypto_secretbox_noncegen() returns bytea language sql volatile set search_path = ''
    return pgsodium.randombytes_buf(24);
create function pgsodium.crypto_secretbox(message bytea, nonce bytea, key bytea) returns bytea
    language sql immutable set search_path = ''
    return pg_catalog.decode(pg_catalog.reverse(pg_catalog.encode(message, 'hex')), 'hex');
create function pgsodium.crypto_secretbox_open(ciphertext bytea, nonce bytea, key bytea) returns bytea
    language sql immutable set search_path = ''
    return pg_catalog.decode(pg_catalog.reverse(pg_catalog.encode(ciphertext, 'hex')), 'hex');
create function pgsodium.derive_key(key_id bigint, key_len integer default 32, context bytea default '\x7067736f6469756d')
    returns bytea language sql immutable set search_path = ''
    return substr(pg_catalog.sha512(context || pg_catalog.int8send(key_id)), 1, key_len);

grant usage on schema pgsodium to pgsodium_keyiduser, pgsodium_keyholder, pgsodium_keymaker, service_role, postgres;
grant select on pgsodium.valid_key to pgsodium_keyiduser, postgres;
grant select, insert, update, delete on pgsodium.key to pgsodium_keymaker, postgres;
grant usage on all sequences in schema pgsodium to pgsodium_keymaker, postgres;
grant select on pgsodium.decrypted_key to pgsodium_keyholder, pgsodium_keymaker, postgres;
grant execute on function pgsodium.create_key(pgsodium.key_type, text, bytea, bytea, uuid, bytea, timestamptz, text)
    to pgsodium_keymaker, postgres;
