-- wrappers: its foreign data wrappers by name, without handlers: servers and foreign tables can be made, not asked.
-- Sources: https://supabase.com/docs/guides/database/extensions/wrappers/overview
--          https://fdw.dev/catalog/

create table wrappers_fdw_stats (
    fdw_name text not null primary key,
    create_times bigint,
    rows_in bigint,
    rows_out bigint,
    bytes_in bigint,
    bytes_out bigint,
    metadata jsonb,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
do $$
declare
    service text;
begin
    foreach service in array array['airtable', 'auth0', 'bigquery', 'cal', 'calendly', 'clerk', 'clickhouse', 'cloudflare_d1',
        'cognito', 'duckdb', 'firebase', 'hubspot', 'iceberg', 'logflare', 'mssql', 'notion', 'orb', 'paddle', 'redis', 's3',
        's3_vectors', 'shopify', 'slack', 'snowflake', 'stripe', 'wasm']
    loop
        execute pg_catalog.format('create foreign data wrapper %I', service || '_wrapper');
        execute pg_catalog.format(
            'create function %I(options text[], catalog oid) returns void language sql immutable as ''''',
            service || '_fdw_validator'
        );
    end loop;
end
$$;
