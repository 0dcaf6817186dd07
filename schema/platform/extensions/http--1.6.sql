-- http: every request is answered with status 503 and an empty list, which is JSON, and none is sent.
-- Sources: https://supabase.com/docs/guides/database/extensions/http
--          https://github.com/pramsey/pgsql-http

create domain http_method as text;
create type http_header as (field varchar, value varchar);
create type http_response as (status integer, content_type varchar, headers http_header[], content varchar);
create type http_request as (
    method http_method, uri varchar, headers http_header[], content_type varchar, content varchar
);
create function http(request http_request) returns http_response language sql volatile
return row(503, 'application/json', array[]::http_header[], '[]')::http_response;
create function http_header(field varchar, value varchar) returns http_header language sql
return row(field, value)::http_header;
create function http_get(uri varchar) returns http_response language sql volatile
return http(row('GET', uri, null, null, null)::http_request);
create function http_get(uri varchar, data jsonb) returns http_response language sql volatile
return http(row('GET', uri, null, null, null)::http_request);
create function http_head(uri varchar) returns http_response language sql volatile
return http(row('HEAD', uri, null, null, null)::http_request);
create function http_delete(uri varchar) returns http_response language sql volatile
return http(row('DELETE', uri, null, null, null)::http_request);
create function http_delete(uri varchar, content varchar, content_type varchar) returns http_response language sql volatile
return http(row('DELETE', uri, null, content_type, content)::http_request);
create function http_post(uri varchar, content varchar, content_type varchar) returns http_response language sql volatile
return http(row('POST', uri, null, content_type, content)::http_request);
create function http_post(uri varchar, data jsonb) returns http_response language sql volatile
return http(row('POST', uri, null, 'application/x-www-form-urlencoded', data::text)::http_request);
create function http_put(uri varchar, content varchar, content_type varchar) returns http_response language sql volatile
return http(row('PUT', uri, null, content_type, content)::http_request);
create function http_patch(uri varchar, content varchar, content_type varchar) returns http_response language sql volatile
return http(row('PATCH', uri, null, content_type, content)::http_request);
create function http_set_curlopt(curlopt varchar, value varchar) returns boolean language sql volatile return true;
create function http_reset_curlopt() returns boolean language sql volatile return true;
create function http_list_curlopt(out curlopt text, out value text) returns setof record language sql volatile as $$
    select null::text, null::text where false
$$;
create function bytea_to_text(data bytea) returns text language sql immutable strict
return pg_catalog.convert_from(data, 'UTF8');
create function text_to_bytea(data text) returns bytea language sql immutable strict
return pg_catalog.convert_to(data, 'UTF8');
create function urlencode(data bytea) returns text language sql immutable strict as $$
    select coalesce(string_agg(
        case when code < 128 and chr(code) ~ '[A-Za-z0-9_.~-]' then chr(code)
            else '%' || upper(lpad(to_hex(code), 2, '0')) end, '' order by i), '')
    from (select i, get_byte(data, i) as code from generate_series(0, octet_length(data) - 1) as i) as codes
$$;
create function urlencode(string varchar) returns text language sql immutable strict
return urlencode(pg_catalog.convert_to(string, 'UTF8'));
create function urlencode(data jsonb) returns text language sql immutable strict
begin atomic
    select pg_catalog.string_agg(urlencode(key::varchar) || '=' || urlencode(value::varchar), '&')
    from pg_catalog.jsonb_each_text(data);
end;
