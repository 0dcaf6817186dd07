-- supabase_vault. Nothing is encrypted: what is in vault.secrets only looks so. For made-up data.
-- Sources: https://supabase.com/docs/guides/database/vault
--          https://github.com/supabase/vault

create table vault.secrets (
    id uuid primary key default gen_random_uuid(),
    name text,
    description text not null default '',
    secret text not null,
    key_id uuid,
    nonce bytea default uuid_send(gen_random_uuid()),
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp
);
create unique index secrets_name_idx on vault.secrets (name) where name is not null;

create function vault._crypto_aead_det_noncegen() returns bytea language sql volatile set search_path = ''
    return pg_catalog.uuid_send(pg_catalog.gen_random_uuid());
create function vault._crypto_aead_det_encrypt(
    message bytea, additional bytea, key_id bigint, context bytea default '\x7067736f6469756d', nonce bytea default null
) returns bytea language sql immutable set search_path = '' 
    return pg_catalog.decode(pg_catalog.reverse(pg_catalog.encode(message, 'hex')), 'hex');
create function vault._crypto_aead_det_decrypt(
    message bytea, additional bytea, key_id bigint, context bytea default '\x7067736f6469756d', nonce bytea default null
) returns bytea language sql immutable set search_path = '' 
    return pg_catalog.decode(pg_catalog.reverse(pg_catalog.encode(message, 'hex')), 'hex');

-- Also what is inserted past create_secret() is sealed.
create function vault._seal() returns trigger language plpgsql set search_path = '' as $$
begin
    if tg_op = 'INSERT' or new.secret is distinct from old.secret then
        new.secret := reverse(encode(convert_to(new.secret, 'UTF8'), 'base64'));
    end if;
    return new;
end
$$;
create trigger seal before insert or update on vault.secrets for each row execute function vault._seal();

create view vault.decrypted_secrets as
    select id, name, description, secret,
        pg_catalog.convert_from(pg_catalog.decode(pg_catalog.reverse(secret), 'base64'), 'UTF8') as decrypted_secret,
        key_id, nonce, created_at, updated_at
    from vault.secrets;

create function vault.create_secret(
    new_secret text, new_name text default null, new_description text default '', new_key_id uuid default null
) returns uuid language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    insert into vault.secrets (secret, name, description, key_id)
    values (new_secret, new_name, new_description, new_key_id)
    returning id
$$;
create function vault.update_secret(
    secret_id uuid, new_secret text default null, new_name text default null, new_description text default null,
    new_key_id uuid default null
) returns void language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    update vault.secrets s
    set secret = coalesce(new_secret, s.secret),
        name = coalesce(new_name, s.name), description = coalesce(new_description, s.description),
        key_id = coalesce(new_key_id, s.key_id), updated_at = pg_catalog.now()
    where s.id = secret_id
$$;

revoke all on function vault.create_secret(text, text, text, uuid) from public;
revoke all on function vault.update_secret(uuid, text, text, text, uuid) from public;
revoke all on function vault._crypto_aead_det_noncegen(), vault._seal() from public;
revoke all on function vault._crypto_aead_det_encrypt(bytea, bytea, bigint, bytea, bytea) from public;
revoke all on function vault._crypto_aead_det_decrypt(bytea, bytea, bigint, bytea, bytea) from public;
grant usage on schema vault to postgres with grant option;
grant usage on schema vault to service_role;
-- https://github.com/supabase/postgres (ansible/files/postgresql_extension_custom_scripts/supabase_vault/after-create.sql)
grant select, delete, truncate, references on vault.secrets, vault.decrypted_secrets to postgres with grant option;
grant insert, update on vault.secrets to postgres;
grant select, delete on vault.secrets, vault.decrypted_secrets to service_role;
grant execute on function vault.create_secret(text, text, text, uuid) to postgres with grant option;
grant execute on function vault.create_secret(text, text, text, uuid) to service_role;
grant execute on function vault.update_secret(uuid, text, text, text, uuid) to postgres with grant option;
grant execute on function vault.update_secret(uuid, text, text, text, uuid) to service_role;
