-- uuid-ossp for a server without it. Version 1 has a made-up node; SHA-1 for version 5 is that of FIPS 180-4.
-- Source: https://www.postgresql.org/docs/current/uuid-ossp.html

create function uuid_nil() returns uuid language sql immutable strict parallel safe
return '00000000-0000-0000-0000-000000000000'::uuid;
create function uuid_ns_dns() returns uuid language sql immutable strict parallel safe
return '6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid;
create function uuid_ns_url() returns uuid language sql immutable strict parallel safe
return '6ba7b811-9dad-11d1-80b4-00c04fd430c8'::uuid;
create function uuid_ns_oid() returns uuid language sql immutable strict parallel safe
return '6ba7b812-9dad-11d1-80b4-00c04fd430c8'::uuid;
create function uuid_ns_x500() returns uuid language sql immutable strict parallel safe
return '6ba7b814-9dad-11d1-80b4-00c04fd430c8'::uuid;

create function uuid_generate_v4() returns uuid language sql volatile strict parallel safe
return pg_catalog.gen_random_uuid();

-- 60 bits of time since 1582 in steps of 100 ns; clock sequence and node are random, as in uuid_generate_v1mc.
create function uuid_generate_v1() returns uuid language sql volatile strict parallel safe as $$
    select (substr(t, 9, 8) || substr(t, 5, 4) || '1' || substr(t, 2, 3)
            || substr(pg_catalog.replace(pg_catalog.gen_random_uuid()::text, '-', ''), 17))::uuid
    from (
        select pg_catalog.lpad(pg_catalog.to_hex(
            (extract(epoch from pg_catalog.clock_timestamp()) * 10000000)::bigint + 122192928000000000), 16, '0')
    ) as clock (t)
$$;
create function uuid_generate_v1mc() returns uuid language sql volatile strict parallel safe return uuid_generate_v1();

create function uuid_generate_v3(namespace uuid, name text) returns uuid
    language sql immutable strict parallel safe as $$
    select overlay(overlay(h placing '3' from 13)
        placing pg_catalog.to_hex((('x' || substr(h, 17, 1))::bit(4) & b'0011' | b'1000')::integer) from 17)::uuid
    from (
        select pg_catalog.md5(pg_catalog.uuid_send(namespace) || pg_catalog.convert_to(name, 'UTF8'))
    ) as hash (h)
$$;

create function uuid_generate_v5(namespace uuid, name text) returns uuid
    language plpgsql immutable strict parallel safe set search_path = '' as $$
declare
    full_word constant bigint := 4294967295;
    message constant bytea := uuid_send(namespace) || convert_to(name, 'UTF8');
    padded constant bytea := message || '\x80'::bytea
        || decode(repeat('00', (119 - octet_length(message) % 64) % 64), 'hex') || int8send(octet_length(message)::bigint * 8);
    w bigint[];
    h bigint[] := array[1732584193, 4023233417, 2562383102, 271733878, 3285377520];
    a bigint; b bigint; c bigint; d bigint; e bigint; f bigint; k bigint; word bigint;
    hash text;
begin
    for chunk in 0 .. octet_length(padded) / 64 - 1 loop
        for i in 0 .. 79 loop
            if i < 16 then
                w[i] := ('x' || encode(substr(padded, chunk * 64 + i * 4 + 1, 4), 'hex'))::bit(32)::bigint & full_word;
            else
                word := w[i - 3] # w[i - 8] # w[i - 14] # w[i - 16];
                w[i] := ((word << 1) | (word >> 31)) & full_word;
            end if;
        end loop;
        a := h[1]; b := h[2]; c := h[3]; d := h[4]; e := h[5];
        for i in 0 .. 79 loop
            if i < 20 then
                f := (b & c) | (~b & full_word & d); k := 1518500249;
            elsif i < 40 then
                f := b # c # d; k := 1859775393;
            elsif i < 60 then
                f := (b & c) | (b & d) | (c & d); k := 2400959708;
            else
                f := b # c # d; k := 3395469782;
            end if;
            word := (((a << 5) | (a >> 27)) & full_word) + f + e + k + w[i] & full_word;
            e := d; d := c; c := ((b << 30) | (b >> 2)) & full_word; b := a; a := word;
        end loop;
        h := array[h[1] + a & full_word, h[2] + b & full_word, h[3] + c & full_word, h[4] + d & full_word,
            h[5] + e & full_word];
    end loop;
    hash := (select string_agg(lpad(to_hex(part), 8, '0'), '' order by place)
             from unnest(h) with ordinality as parts (part, place));
    return overlay(overlay(left(hash, 32) placing '5' from 13)
        placing to_hex((('x' || substr(hash, 17, 1))::bit(4) & b'0011' | b'1000')::integer) from 17)::uuid;
end
$$;
