-- pgjwt: tokens are signed and verified as they should be (HMAC with SHA-2).
-- Source: https://github.com/michelp/pgjwt

create function url_encode(data bytea) returns text language sql immutable
return pg_catalog.translate(pg_catalog.encode(data, 'base64'), E'+/=\n', '-_');
create function url_decode(data text) returns bytea language sql immutable
return pg_catalog.decode(
    pg_catalog.rpad(pg_catalog.translate(data, '-_', '+/'), (pg_catalog.length(data) + 3) / 4 * 4, '='), 'base64');

create function algorithm_sign(signables text, secret text, algorithm text) returns text
    language plpgsql immutable set search_path = '' as $$
declare
    block constant integer := case algorithm when 'HS256' then 64 else 128 end;
    key bytea := convert_to(secret, 'UTF8');
    inner_pad bytea := decode(repeat('36', block), 'hex');
    outer_pad bytea := decode(repeat('5c', block), 'hex');
    message constant bytea := convert_to(signables, 'UTF8');
    hash bytea;
begin
    if octet_length(key) > block then
        key := case algorithm when 'HS256' then sha256(key) when 'HS384' then sha384(key) else sha512(key) end;
    end if;
    for i in 0 .. octet_length(key) - 1 loop
        inner_pad := set_byte(inner_pad, i, get_byte(key, i) # 54);
        outer_pad := set_byte(outer_pad, i, get_byte(key, i) # 92);
    end loop;
    hash := case algorithm
        when 'HS256' then sha256(outer_pad || sha256(inner_pad || message))
        when 'HS384' then sha384(outer_pad || sha384(inner_pad || message))
        when 'HS512' then sha512(outer_pad || sha512(inner_pad || message))
    end;
    return translate(encode(hash, 'base64'), E'+/=\n', '-_');
end
$$;
create function sign(payload json, secret text, algorithm text default 'HS256') returns text language sql immutable
begin atomic
    select signables || '.' || algorithm_sign(signables, secret, algorithm)
    from (
        select url_encode(pg_catalog.convert_to('{"alg":"' || algorithm || '","typ":"JWT"}', 'UTF8')) || '.'
            || url_encode(pg_catalog.convert_to(payload::text, 'UTF8')) as signables
    ) as parts;
end;
create function try_cast_double(inp text) returns double precision language plpgsql immutable set search_path = '' as $$
begin
    return inp::double precision;
exception when others then
    return null;
end
$$;
create function verify(token text, secret text, algorithm text default 'HS256')
    returns table (header json, payload json, valid boolean) language sql immutable
begin atomic
    select pg_catalog.convert_from(url_decode(parts[1]), 'UTF8')::json, claims::json,
        parts[3] = algorithm_sign(parts[1] || '.' || parts[2], secret, algorithm)
        and pg_catalog.now() between
            coalesce(pg_catalog.to_timestamp(try_cast_double(claims::json ->> 'nbf')), '-infinity')
            and coalesce(pg_catalog.to_timestamp(try_cast_double(claims::json ->> 'exp')), 'infinity')
    from (
        select parts, pg_catalog.convert_from(url_decode(parts[2]), 'UTF8') as claims
        from pg_catalog.regexp_split_to_array(token, '\.') as parts
    ) as read;
end;
