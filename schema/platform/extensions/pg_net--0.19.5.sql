-- pg_net: what would be asked of the network is a row of net.http_request_queue, and stays there.
-- Sources: https://supabase.com/docs/guides/database/extensions/pg_net
--          https://github.com/supabase/pg_net

create schema net;
create domain net.http_method as text check (value ilike any (array['get', 'post', 'delete']));
create type net.request_status as enum ('PENDING', 'SUCCESS', 'ERROR');
create unlogged table net.http_request_queue (
    id bigserial,
    method net.http_method not null,
    url text not null,
    headers jsonb,
    body bytea,
    timeout_milliseconds integer not null
);
create unlogged table net._http_response (
    id bigint,
    status_code integer,
    content_type text,
    headers jsonb,
    content text,
    timed_out boolean,
    error_msg text,
    created timestamptz not null default now()
);
create index _http_response_created_idx on net._http_response (created);
create type net.http_response as (status_code integer, headers jsonb, body text);
create type net.http_response_result as (status net.request_status, message text, response net.http_response);

create function net._urlencode_string(string character varying) returns text
    language sql immutable strict set search_path = '' as $$
    select coalesce(string_agg(
        case when chr(code) ~ '[A-Za-z0-9_.~-]' and code < 128 then chr(code)
            else '%' || upper(lpad(to_hex(code), 2, '0')) end, '' order by i), '')
    from (
        select i, get_byte(bytes, i) as code
        from (select convert_to(string, 'UTF8')) as encoded (bytes), generate_series(0, octet_length(bytes) - 1) as i
    ) as codes
$$;
create function net._encode_url_with_params_array(url text, params_array text[]) returns text
    language sql immutable strict set search_path = ''
    return url || case when cardinality(params_array) = 0 then '' else '?' || array_to_string(params_array, '&') end;
create function net._record(method text, url text, params jsonb, headers jsonb, body bytea, timeout integer)
    returns bigint language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    insert into net.http_request_queue (method, url, headers, body, timeout_milliseconds)
    select method, net._encode_url_with_params_array(url, array(
        select net._urlencode_string(key) || '=' || net._urlencode_string(value)
        from pg_catalog.jsonb_each_text(coalesce(params, '{}'))
    )), headers, body, timeout
    returning id
$$;
revoke all on function net._record(text, text, jsonb, jsonb, bytea, integer) from public;

create function net.http_get(
    url text, params jsonb default '{}', headers jsonb default '{}', timeout_milliseconds integer default 5000
) returns bigint language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    select net._record('GET', url, params, headers, null, timeout_milliseconds)
$$;
create function net.http_post(
    url text, body jsonb default '{}', params jsonb default '{}',
    headers jsonb default '{"Content-Type": "application/json"}', timeout_milliseconds integer default 5000
) returns bigint language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    select net._record('POST', url, params, headers, pg_catalog.convert_to(body::pg_catalog.text, 'UTF8'),
        timeout_milliseconds)
$$;
create function net.http_delete(
    url text, params jsonb default '{}', headers jsonb default '{}', timeout_milliseconds integer default 5000,
    body jsonb default null
) returns bigint language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    select net._record('DELETE', url, params, headers, pg_catalog.convert_to(body::pg_catalog.text, 'UTF8'),
        timeout_milliseconds)
$$;
create function net._await_response(request_id bigint) returns boolean language sql volatile set search_path = ''
    return false;
create function net._http_collect_response(request_id bigint, async boolean default true)
    returns net.http_response_result language sql stable set search_path = '' as $$
    select row('PENDING', 'request is pending processing', null)::net.http_response_result
$$;
create function net.http_collect_response(request_id bigint, async boolean default true)
    returns net.http_response_result language sql stable set search_path = '' as $$
    select net._http_collect_response(request_id, async)
$$;
create function net.check_worker_is_up() returns void language sql set search_path = '' as '';
create function net.wait_until_running() returns void language sql set search_path = '' as '';
create function net.wake() returns void language sql set search_path = '' as '';
create function net.worker_restart() returns boolean language sql set search_path = '' return true;

grant usage on schema net to supabase_functions_admin, postgres, anon, authenticated, service_role;
grant all on all tables in schema net to postgres;
grant all on all sequences in schema net to postgres;
