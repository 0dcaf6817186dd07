-- pgcrypto for a server without it. Hashes, HMAC and random values are right. crypt() and ciphers are NOT those algorithms:
-- they keep the forms and what programs rely on (the same password gives the same hash with the hash as its salt; what was
-- encrypted is decrypted by the same key, and by no other), for made-up data.
-- Source: https://www.postgresql.org/docs/current/pgcrypto.html

create function gen_random_uuid() returns uuid language sql volatile parallel safe
return pg_catalog.gen_random_uuid();

create function fips_mode() returns boolean language sql stable parallel safe return false;

create function gen_random_bytes(integer) returns bytea
    language plpgsql volatile strict parallel safe set search_path = '' as $$
declare
    bytes bytea := '';
begin
    if $1 not between 1 and 1024 then
        raise exception 'Length not in range' using errcode = 'external_routine_invocation_exception';
    end if;
    while octet_length(bytes) < $1 loop
        bytes := bytes || sha256(uuid_send(pg_catalog.gen_random_uuid()) || uuid_send(pg_catalog.gen_random_uuid()));
    end loop;
    return substr(bytes, 1, $1);
end
$$;

-- SHA-1 by FIPS 180-4, as the core has MD5 and the SHA-2 family only.
create function digest(bytea, text) returns bytea
    language plpgsql immutable strict parallel safe set search_path = '' as $$
declare
    full_word constant bigint := 4294967295;
    padded bytea;
    w bigint[];
    h bigint[] := array[1732584193, 4023233417, 2562383102, 271733878, 3285377520];
    a bigint; b bigint; c bigint; d bigint; e bigint; f bigint; k bigint; word bigint;
begin
    case lower($2)
        when 'md5' then return decode(md5($1), 'hex');
        when 'sha224' then return sha224($1);
        when 'sha256' then return sha256($1);
        when 'sha384' then return sha384($1);
        when 'sha512' then return sha512($1);
        when 'sha1' then null;
        else raise exception 'Cannot use "%": No such hash algorithm', $2 using errcode = 'invalid_parameter_value';
    end case;
    padded := $1 || '\x80'::bytea || decode(repeat('00', (119 - octet_length($1) % 64) % 64), 'hex')
        || int8send(octet_length($1)::bigint * 8);
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
    return decode(
        (select string_agg(lpad(to_hex(part), 8, '0'), '' order by place)
         from unnest(h) with ordinality as parts (part, place)), 'hex'
    );
end
$$;

create function digest(text, text) returns bytea language sql immutable strict parallel safe
return digest(pg_catalog.convert_to($1, 'UTF8'), $2);

-- RFC 2104: hash(key xor opad, hash(key xor ipad, data)); the block has 64 bytes, for SHA-384 and SHA-512 128.
create function hmac(bytea, bytea, text) returns bytea language sql immutable strict parallel safe
begin atomic
    select digest(outer_pad || digest(inner_pad || $1, $3), $3)
    from (
        select
            pg_catalog.string_agg(pg_catalog.set_byte('\x00', 0, byte # 54), '' order by i) as inner_pad,
            pg_catalog.string_agg(pg_catalog.set_byte('\x00', 0, byte # 92), '' order by i) as outer_pad
        from (
            select i, case when i < pg_catalog.octet_length(key) then pg_catalog.get_byte(key, i) else 0 end as byte
            from (
                select block, case when pg_catalog.octet_length($2) > block then digest($2, $3) else $2 end as key
                from (select case when pg_catalog.lower($3) in ('sha384', 'sha512') then 128 else 64 end) as size (block)
            ) as keyed, pg_catalog.generate_series(0, block - 1) as i
        ) as bytes
    ) as pads;
end;

create function hmac(text, text, text) returns bytea language sql immutable strict parallel safe
return hmac(pg_catalog.convert_to($1, 'UTF8'), pg_catalog.convert_to($2, 'UTF8'), $3);

create function gen_salt(text, integer) returns text
    language plpgsql volatile strict parallel safe set search_path = '' as $$
declare
    salt constant text := translate(
        encode(sha256(uuid_send(pg_catalog.gen_random_uuid()) || uuid_send(pg_catalog.gen_random_uuid())), 'base64'),
        '+=' || chr(10), './');
begin
    case lower($1)
        when 'bf' then
            if $2 <> 0 and $2 not between 4 and 31 then
                raise exception 'gen_salt: Incorrect number of rounds' using errcode = 'invalid_parameter_value';
            end if;
            return '$2a$' || lpad((case $2 when 0 then 6 else $2 end)::text, 2, '0') || '$' || left(salt, 22);
        when 'md5' then return '$1$' || left(salt, 8);
        when 'xdes' then return '_J9..' || left(salt, 4);
        when 'des' then return left(salt, 2);
        when 'sha256crypt' then return '$5$rounds=5000$' || left(salt, 16) || '$';
        when 'sha512crypt' then return '$6$rounds=5000$' || left(salt, 16) || '$';
        else raise exception 'gen_salt: Unknown salt algorithm' using errcode = 'invalid_parameter_value';
    end case;
end
$$;

create function gen_salt(text) returns text language sql volatile strict parallel safe return gen_salt($1, 0);

create function crypt(text, text) returns text
    language plpgsql immutable strict parallel safe set search_path = '' as $$
declare
    salt constant text := coalesce(
        substring($2 from '^\$2[abxy]\$\d\d\$[./A-Za-z0-9]{22}'), substring($2 from '^\$1\$[^$]{0,8}'),
        substring($2 from '^\$[56]\$(?:rounds=\d+\$)?[^$]{0,16}\$?'), substring($2 from '^_.{8}'),
        substring($2 from '^[./A-Za-z0-9]{2}')
    );
    hash text;
begin
    if salt is null then
        raise exception 'invalid salt' using errcode = 'invalid_parameter_value';
    end if;
    hash := translate(encode(sha256(convert_to(salt || chr(31) || $1, 'UTF8')), 'base64'), '+=' || chr(10), './');
    return case
        when salt like '$2%' then salt || left(hash, 31)
        when salt like '$1$%' then salt || '$' || left(hash, 22)
        when salt like '$%' then rtrim(salt, '$') || '$' || hash
        else salt || left(hash, 11)
    end;
end
$$;

-- A stream of hashes over the key, the vector and a counter.
create function encrypt_iv(bytea, bytea, bytea, text) returns bytea
    language plpgsql immutable strict parallel safe set search_path = '' as $$
declare
    out bytea := $1;
    stream bytea;
begin
    if $4 !~* '^(aes|bf|blowfish|rijndael|3des|des|cast5)(128|192|256)?(-(cbc|ecb|cfb))?(/pad:(pkcs|none))?$' then
        raise exception 'Cannot use "%": No such cipher algorithm', $4 using errcode = 'invalid_parameter_value';
    end if;
    for i in 0 .. octet_length($1) - 1 loop
        if i % 32 = 0 then
            stream := sha256($2 || '\x00'::bytea || $3 || int4send(i / 32));
        end if;
        out := set_byte(out, i, get_byte($1, i) # get_byte(stream, i % 32));
    end loop;
    return out;
end
$$;
create function decrypt_iv(bytea, bytea, bytea, text) returns bytea language sql immutable strict parallel safe
return encrypt_iv($1, $2, $3, $4);
create function encrypt(bytea, bytea, text) returns bytea language sql immutable strict parallel safe
return encrypt_iv($1, $2, '', $3);
create function decrypt(bytea, bytea, text) returns bytea language sql immutable strict parallel safe
return encrypt_iv($1, $2, '', $3);

-- A packet: tag, 8 bytes of salt, 4 bytes by which the key is known, the stream.
create function pgp_sym_encrypt_bytea(bytea, text, text) returns bytea language sql volatile strict parallel safe
begin atomic
    select '\xc30d0407'::bytea || salt || pg_catalog.substr(pg_catalog.sha256(key || salt), 1, 4)
        || encrypt_iv($1, key, salt, 'aes')
    from (select gen_random_bytes(8), pg_catalog.convert_to($2, 'UTF8')) as made (salt, key);
end;
create function pgp_sym_decrypt_bytea(bytea, text, text) returns bytea
    language plpgsql immutable strict parallel safe set search_path = '' as $$
declare
    key constant bytea := convert_to($2, 'UTF8');
    salt constant bytea := substr($1, 5, 8);
    sealed constant bytea := substr($1, 17);
    out bytea := sealed;
    stream bytea;
begin
    if substr($1, 1, 4) <> '\xc30d0407'::bytea or substr($1, 13, 4) <> substr(sha256(key || salt), 1, 4) then
        raise exception 'Wrong key or corrupt data' using errcode = 'external_routine_invocation_exception';
    end if;
    for i in 0 .. octet_length(sealed) - 1 loop
        if i % 32 = 0 then
            stream := sha256(key || '\x00'::bytea || salt || int4send(i / 32));
        end if;
        out := set_byte(out, i, get_byte(sealed, i) # get_byte(stream, i % 32));
    end loop;
    return out;
end
$$;
create function pgp_sym_encrypt_bytea(bytea, text) returns bytea language sql volatile strict parallel safe
return pgp_sym_encrypt_bytea($1, $2, '');
create function pgp_sym_decrypt_bytea(bytea, text) returns bytea language sql immutable strict parallel safe
return pgp_sym_decrypt_bytea($1, $2, '');
create function pgp_sym_encrypt(text, text, text) returns bytea language sql volatile strict parallel safe
return pgp_sym_encrypt_bytea(pg_catalog.convert_to($1, 'UTF8'), $2, $3);
create function pgp_sym_encrypt(text, text) returns bytea language sql volatile strict parallel safe
return pgp_sym_encrypt_bytea(pg_catalog.convert_to($1, 'UTF8'), $2, '');
create function pgp_sym_decrypt(bytea, text, text) returns text language sql immutable strict parallel safe
return pg_catalog.convert_from(pgp_sym_decrypt_bytea($1, $2, $3), 'UTF8');
create function pgp_sym_decrypt(bytea, text) returns text language sql immutable strict parallel safe
return pg_catalog.convert_from(pgp_sym_decrypt_bytea($1, $2, ''), 'UTF8');

-- Which secret key belongs to which public one cannot be told here: any decrypts.
create function pgp_pub_encrypt_bytea(bytea, bytea, text) returns bytea language sql volatile strict parallel safe
return pgp_sym_encrypt_bytea($1, 'public', $3);
create function pgp_pub_encrypt_bytea(bytea, bytea) returns bytea language sql volatile strict parallel safe
return pgp_sym_encrypt_bytea($1, 'public', '');
create function pgp_pub_decrypt_bytea(bytea, bytea, text, text) returns bytea language sql immutable strict parallel safe
return pgp_sym_decrypt_bytea($1, 'public', $4);
create function pgp_pub_decrypt_bytea(bytea, bytea, text) returns bytea language sql immutable strict parallel safe
return pgp_sym_decrypt_bytea($1, 'public', '');
create function pgp_pub_decrypt_bytea(bytea, bytea) returns bytea language sql immutable strict parallel safe
return pgp_sym_decrypt_bytea($1, 'public', '');
create function pgp_pub_encrypt(text, bytea, text) returns bytea language sql volatile strict parallel safe
return pgp_sym_encrypt($1, 'public', $3);
create function pgp_pub_encrypt(text, bytea) returns bytea language sql volatile strict parallel safe
return pgp_sym_encrypt($1, 'public', '');
create function pgp_pub_decrypt(bytea, bytea, text, text) returns text language sql immutable strict parallel safe
return pgp_sym_decrypt($1, 'public', $4);
create function pgp_pub_decrypt(bytea, bytea, text) returns text language sql immutable strict parallel safe
return pgp_sym_decrypt($1, 'public', '');
create function pgp_pub_decrypt(bytea, bytea) returns text language sql immutable strict parallel safe
return pgp_sym_decrypt($1, 'public', '');

create function pgp_key_id(bytea) returns text language sql immutable strict parallel safe
return pg_catalog.upper(pg_catalog.left(pg_catalog.encode(pg_catalog.sha256($1), 'hex'), 16));

create function armor(bytea, text[], text[]) returns text language sql immutable strict parallel safe
return '-----BEGIN PGP MESSAGE-----' || pg_catalog.chr(10)
    || coalesce((select pg_catalog.string_agg(k || ': ' || v || pg_catalog.chr(10), '')
        from unnest($2, $3) as headers (k, v)), '')
    || pg_catalog.chr(10) || pg_catalog.encode($1, 'base64') || pg_catalog.chr(10)
    || '-----END PGP MESSAGE-----' || pg_catalog.chr(10);
create function armor(bytea) returns text language sql immutable strict parallel safe return armor($1, '{}', '{}');
create function dearmor(text) returns bytea language sql immutable strict parallel safe
return pg_catalog.decode(substring($1 from '\n\n(.*?)\n(?:=[^\n]*\n)?-----END'), 'base64');
create function pgp_armor_headers(text, out key text, out value text) returns setof record
    language sql immutable strict parallel safe as $$
    select split_part(line, ': ', 1), substr(line, strpos(line, ': ') + 2)
    from regexp_split_to_table(substring($1 from '^[^\n]*\n(.*?)\n\n'), '\n') as line
    where line like '%: %'
$$;
