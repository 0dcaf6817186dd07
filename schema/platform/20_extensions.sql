-- Schema extensions with what Supabase installs there, and stand-ins where this server lacks an extension.
-- Source: https://supabase.com/docs/guides/database/extensions
-- Stand-ins are for made-up data on disposable servers, never for real secrets.

create schema if not exists extensions;
alter schema extensions owner to postgres;
grant usage on schema extensions to anon, authenticated, service_role;

do $$
begin
    if exists (select from pg_catalog.pg_available_extensions where name = 'pgcrypto') then
        create extension if not exists pgcrypto with schema extensions;
    end if;
    if exists (select from pg_catalog.pg_available_extensions where name = 'uuid-ossp') then
        create extension if not exists "uuid-ossp" with schema extensions;
    end if;
    -- Without its library in shared_preload_libraries the view would exist and raise an error at every look.
    if current_setting('shared_preload_libraries') ~ '\mpg_stat_statements\M'
        and exists (select from pg_catalog.pg_available_extensions where name = 'pg_stat_statements')
    then
        create extension if not exists pg_stat_statements with schema extensions;
    end if;
end
$$;

-- Source: https://www.postgresql.org/docs/current/uuid-ossp.html (uuid_generate_v5 needs SHA-1, which the core lacks)
do $do$
begin
    if exists (select from pg_catalog.pg_extension where extname = 'uuid-ossp') then
        return;
    end if;

    create or replace function extensions.uuid_generate_v4() returns uuid
        language sql volatile parallel safe as 'select pg_catalog.gen_random_uuid()';

    -- 60 bits of time since 1582 in steps of 100 ns; clock sequence and node are random, as in uuid_generate_v1mc.
    create or replace function extensions.uuid_generate_v1() returns uuid
        language sql volatile parallel safe as $$
        select (substr(t, 9, 8) || substr(t, 5, 4) || '1' || substr(t, 2, 3)
                || substr(pg_catalog.replace(pg_catalog.gen_random_uuid()::text, '-', ''), 17))::uuid
        from (
            select pg_catalog.lpad(pg_catalog.to_hex(
                (extract(epoch from pg_catalog.clock_timestamp()) * 10000000)::bigint + 122192928000000000), 16, '0')
        ) as clock (t)
        $$;

    create or replace function extensions.uuid_generate_v1mc() returns uuid
        language sql volatile parallel safe as 'select extensions.uuid_generate_v1()';

    create or replace function extensions.uuid_generate_v3(namespace uuid, name text) returns uuid
        language sql immutable strict parallel safe as $$
        select overlay(overlay(h placing '3' from 13)
            placing pg_catalog.to_hex((('x' || substr(h, 17, 1))::bit(4) & b'0011' | b'1000')::integer) from 17)::uuid
        from (
            select pg_catalog.md5(pg_catalog.uuid_send(namespace) || pg_catalog.convert_to(name, 'UTF8'))
        ) as hash (h)
        $$;

    create or replace function extensions.uuid_nil() returns uuid
        language sql immutable parallel safe as $$select '00000000-0000-0000-0000-000000000000'::uuid$$;
    create or replace function extensions.uuid_ns_dns() returns uuid
        language sql immutable parallel safe as $$select '6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid$$;
    create or replace function extensions.uuid_ns_url() returns uuid
        language sql immutable parallel safe as $$select '6ba7b811-9dad-11d1-80b4-00c04fd430c8'::uuid$$;
    create or replace function extensions.uuid_ns_oid() returns uuid
        language sql immutable parallel safe as $$select '6ba7b812-9dad-11d1-80b4-00c04fd430c8'::uuid$$;
    create or replace function extensions.uuid_ns_x500() returns uuid
        language sql immutable parallel safe as $$select '6ba7b814-9dad-11d1-80b4-00c04fd430c8'::uuid$$;
end
$do$;

-- Source: https://www.postgresql.org/docs/current/pgcrypto.html (of which the core offers MD5, the SHA-2 family, UUIDs)
do $do$
begin
    if exists (select from pg_catalog.pg_extension where extname = 'pgcrypto') then
        return;
    end if;

    create or replace function extensions.gen_random_uuid() returns uuid
        language sql volatile parallel safe as 'select pg_catalog.gen_random_uuid()';

    create or replace function extensions.gen_random_bytes(length integer) returns bytea
        language plpgsql volatile strict parallel safe set search_path = '' as $$
    declare
        bytes bytea := '';
    begin
        if length not between 1 and 1024 then
            raise exception 'Length not in range' using errcode = 'external_routine_invocation_exception';
        end if;
        while octet_length(bytes) < length loop
            bytes := bytes || sha256(uuid_send(pg_catalog.gen_random_uuid()) || uuid_send(pg_catalog.gen_random_uuid()));
        end loop;
        return substr(bytes, 1, length);
    end
    $$;

    create or replace function extensions.digest(data bytea, type text) returns bytea
        language plpgsql immutable strict parallel safe set search_path = '' as $$
    begin
        return case lower(type)
            when 'md5' then decode(md5(data), 'hex')
            when 'sha224' then sha224(data)
            when 'sha256' then sha256(data)
            when 'sha384' then sha384(data)
            when 'sha512' then sha512(data)
        end;
    end
    $$;

    create or replace function extensions.digest(data text, type text) returns bytea
        language plpgsql immutable strict parallel safe set search_path = '' as $$
    begin
        return extensions.digest(convert_to(data, 'UTF8'), type);
    end
    $$;

    -- RFC 2104: hash(key xor opad, hash(key xor ipad, data)); the block has 64 bytes, for SHA-384 and SHA-512 128.
    create or replace function extensions.hmac(data bytea, key bytea, type text) returns bytea
        language plpgsql immutable strict parallel safe set search_path = '' as $$
    declare
        block constant integer := case when lower(type) in ('sha384', 'sha512') then 128 else 64 end;
        inner_pad bytea := decode(repeat('36', block), 'hex');
        outer_pad bytea := decode(repeat('5c', block), 'hex');
    begin
        if octet_length(key) > block then
            key := extensions.digest(key, type);
        end if;
        for i in 0 .. octet_length(key) - 1 loop
            inner_pad := set_byte(inner_pad, i, get_byte(key, i) # 54);
            outer_pad := set_byte(outer_pad, i, get_byte(key, i) # 92);
        end loop;
        return extensions.digest(outer_pad || extensions.digest(inner_pad || data, type), type);
    end
    $$;

    create or replace function extensions.hmac(data text, key text, type text) returns bytea
        language plpgsql immutable strict parallel safe set search_path = '' as $$
    begin
        return extensions.hmac(convert_to(data, 'UTF8'), convert_to(key, 'UTF8'), type);
    end
    $$;

    create or replace function extensions.gen_salt(type text, iterations integer default 0) returns text
        language plpgsql volatile strict parallel safe set search_path = '' as $$
    begin
        raise exception 'this server lacks the extension pgcrypto, and its gen_salt() cannot be stood in for'
            using errcode = 'feature_not_supported';
    end
    $$;

    create or replace function extensions.crypt(password text, salt text) returns text
        language plpgsql immutable strict parallel safe set search_path = '' as $$
    begin
        raise exception 'this server lacks the extension pgcrypto, and its crypt() cannot be stood in for'
            using errcode = 'feature_not_supported';
    end
    $$;
end
$do$;
