-- Schema storage as Supabase's storage service leaves it. Tables, columns, keys and unique indexes are those of its
-- migrations, the column objects.level and the table prefixes, which its later ones take away, among them.
-- Left out: the triggers that refuse deleting rows past the service's API (the service deletes, and so do people who act).
-- Sources: https://supabase.com/docs/guides/storage/schema/design
--          https://supabase.com/docs/guides/storage/schema/helper-functions
--          https://github.com/supabase/storage/tree/master/migrations/tenant

create schema if not exists storage;
alter schema storage owner to supabase_storage_admin;
grant usage on schema storage to postgres, anon, authenticated, service_role, dashboard_user;

create type storage.buckettype as enum ('STANDARD', 'ANALYTICS', 'VECTOR');

create table if not exists storage.migrations (
    id integer not null primary key,
    name varchar(100) not null unique,
    hash varchar(40) not null,
    executed_at timestamp default current_timestamp
);

create table if not exists storage.buckets (
    id text not null primary key,
    name text not null unique,
    owner uuid,
    created_at timestamptz default now(),
    updated_at timestamptz default now(),
    public boolean default false,
    avif_autodetection boolean default false,
    file_size_limit bigint,
    allowed_mime_types text[],
    owner_id text,
    type storage.buckettype not null default 'STANDARD'
);

create table if not exists storage.objects (
    id uuid not null default gen_random_uuid() primary key,
    bucket_id text references storage.buckets (id),
    name text,
    owner uuid,
    created_at timestamptz default now(),
    updated_at timestamptz default now(),
    last_accessed_at timestamptz default now(),
    metadata jsonb,
    path_tokens text[] generated always as (string_to_array(name, '/')) stored,
    version text,
    owner_id text,
    user_metadata jsonb,
    level integer
);
create unique index if not exists bucketid_objname on storage.objects (bucket_id, name);
create index if not exists name_prefix_search on storage.objects (name text_pattern_ops);

-- The folders of `a/b/c.png` are {a,b}, its file name is c.png, its extension png, its level 3.
create or replace function storage.foldername(name text) returns text[] language sql immutable as $$
    select (string_to_array(name, '/'))[1:cardinality(string_to_array(name, '/')) - 1]
$$;

create or replace function storage.filename(name text) returns text language sql immutable as $$
    select (string_to_array(name, '/'))[cardinality(string_to_array(name, '/'))]
$$;

create or replace function storage.extension(name text) returns text language sql immutable as $$
    select reverse(split_part(reverse(storage.filename(name)), '.', 1))
$$;

create or replace function storage.get_level(name text) returns integer language sql immutable strict as $$
    select cardinality(string_to_array(name, '/'))
$$;

create or replace function storage.get_prefix(name text) returns text language sql immutable strict as $$
    select array_to_string(storage.foldername(name), '/')
$$;

create or replace function storage.get_prefixes(name text) returns text[] language sql immutable strict as $$
    select array(
        select array_to_string((string_to_array(name, '/'))[1:depth], '/')
        from generate_series(1, storage.get_level(name) - 1) as depth
    )
$$;

create table if not exists storage.prefixes (
    bucket_id text not null references storage.buckets (id),
    name text not null collate "C",
    level integer not null generated always as (storage.get_level(name)) stored,
    created_at timestamptz default now(),
    updated_at timestamptz default now(),
    primary key (bucket_id, level, name)
);

create table if not exists storage.s3_multipart_uploads (
    id text not null primary key,
    in_progress_size bigint not null default 0,
    upload_signature text not null,
    bucket_id text not null references storage.buckets (id),
    key text not null collate "C",
    version text not null,
    owner_id text,
    created_at timestamptz not null default now(),
    user_metadata jsonb,
    metadata jsonb
);

create table if not exists storage.s3_multipart_uploads_parts (
    id uuid not null default gen_random_uuid() primary key,
    upload_id text not null references storage.s3_multipart_uploads (id) on delete cascade,
    size bigint not null default 0,
    part_number integer not null,
    bucket_id text not null references storage.buckets (id),
    key text not null collate "C",
    etag text not null,
    owner_id text,
    version text not null,
    created_at timestamptz not null default now()
);

create table if not exists storage.buckets_analytics (
    name text not null,
    type storage.buckettype not null default 'ANALYTICS',
    format text not null default 'ICEBERG',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    id uuid not null default gen_random_uuid() primary key,
    deleted_at timestamptz
);
create unique index if not exists buckets_analytics_unique_name_idx on storage.buckets_analytics (name)
    where deleted_at is null;

create table if not exists storage.buckets_vectors (
    id text not null primary key,
    type storage.buckettype not null default 'VECTOR',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create table if not exists storage.vector_indexes (
    id text not null default gen_random_uuid() primary key,
    name text not null collate "C",
    bucket_id text not null references storage.buckets_vectors (id),
    data_type text not null,
    dimension integer not null,
    distance_metric text not null,
    metadata_configuration jsonb,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create unique index if not exists vector_indexes_name_bucket_id_idx on storage.vector_indexes (name, bucket_id);

-- What the service asks for: listings of one folder. The older signature had no search, column or order.
create or replace function storage.search(
    prefix text, bucketname text, limits integer default 100, levels integer default 1, offsets integer default 0,
    search text default '', sortcolumn text default 'name', sortorder text default 'asc'
)
returns table (
    name text, id uuid, updated_at timestamptz, created_at timestamptz, last_accessed_at timestamptz, metadata jsonb
)
language sql stable as $$
    with found as (
        select o.path_tokens[levels] as entry, cardinality(o.path_tokens) = levels as file, o.*
        from storage.objects o
        where o.bucket_id = bucketname and lower(o.name) like lower(prefix || search) || '%'
        and cardinality(o.path_tokens) >= levels
    ), entries as (
        select f.entry, null::uuid, null::timestamptz, null::timestamptz, null::timestamptz, null::jsonb
        from found f
        where not f.file
        group by f.entry
        union all
        select f.entry, f.id, f.updated_at, f.created_at, f.last_accessed_at, f.metadata
        from found f
        where f.file
    )
    select * from entries e (name, id, updated_at, created_at, last_accessed_at, metadata)
    order by
        case when sortorder = 'desc' then case sortcolumn when 'updated_at' then e.updated_at
            when 'created_at' then e.created_at when 'last_accessed_at' then e.last_accessed_at end end desc,
        case when sortorder <> 'desc' then case sortcolumn when 'updated_at' then e.updated_at
            when 'created_at' then e.created_at when 'last_accessed_at' then e.last_accessed_at end end,
        case when sortorder = 'desc' then e.name end desc, e.name
    limit limits offset offsets
$$;

create or replace function storage.search_v2(
    prefix text, bucket_name text, limits integer default 100, levels integer default 1, start_after text default '',
    sort_order text default 'asc', sort_column text default 'name', sort_column_after text default ''
)
returns table (
    key text, name text, id uuid, updated_at timestamptz, created_at timestamptz, last_accessed_at timestamptz,
    metadata jsonb
)
language sql stable as $$
    select s.name, prefix || s.name, s.id, s.updated_at, s.created_at, s.last_accessed_at, s.metadata
    from storage.search(prefix, bucket_name, limits, levels, 0, '', sort_column, sort_order) as s
    where s.name > start_after
$$;

create or replace function storage.list_objects_with_delimiter(
    _bucket_id text, prefix_param text, delimiter_param text, max_keys integer default 100,
    start_after text default '', next_token text default '', sort_order text default 'asc'
)
returns table (
    name text, id uuid, metadata jsonb, updated_at timestamptz, created_at timestamptz, last_accessed_at timestamptz
)
language sql stable as $$
    select distinct on (entry) entry, e.id, e.metadata, e.updated_at, e.created_at, e.last_accessed_at
    from (
        select case when strpos(rest, delimiter_param) > 0
            then prefix_param || split_part(rest, delimiter_param, 1) || delimiter_param else o.name end as entry, o.*
        from (
            select substr(o.name, length(prefix_param) + 1) as rest, o.*
            from storage.objects o
            where o.bucket_id = _bucket_id and starts_with(o.name, prefix_param)
        ) as o
    ) as e
    where entry > greatest(start_after, next_token)
    order by entry
    limit max_keys
$$;

create or replace function storage.list_multipart_uploads_with_delimiter(
    bucket_id text, prefix_param text, delimiter_param text, max_keys integer default 100,
    next_key_token text default '', next_upload_token text default ''
)
returns table (key text, id text, created_at timestamptz)
language sql stable as $$
    select u.key, u.id, u.created_at
    from storage.s3_multipart_uploads u
    where u.bucket_id = list_multipart_uploads_with_delimiter.bucket_id and starts_with(u.key, prefix_param)
    and (u.key, u.id) > (next_key_token, next_upload_token)
    order by u.key, u.created_at
    limit max_keys
$$;

create or replace function storage.get_size_by_bucket() returns table (size bigint, bucket_id text)
language sql stable as $$
    select sum((o.metadata ->> 'size')::bigint)::bigint, o.bucket_id from storage.objects o group by o.bucket_id
$$;

-- Whether the caller may upload: it is tried, and undone by the exception.
create or replace function storage.can_insert_object(bucketid text, name text, owner uuid, metadata jsonb) returns void
language plpgsql as $$
begin
    insert into storage.objects (bucket_id, name, owner, metadata) values (bucketid, name, owner, metadata);
    raise sqlstate 'PT200' using message = 'ROLLBACK', detail = 'rollback successful insert';
end
$$;

-- What the service is doing; it says so in a setting.
create or replace function storage.operation() returns text language sql stable as $$
    select current_setting('storage.operation', true)
$$;
create or replace function storage.allow_only_operation(expected_operation text) returns boolean
language sql stable as $$
    select coalesce(regexp_replace(lower(storage.operation()), '^storage\.', '')
        = regexp_replace(lower(expected_operation), '^storage\.', ''), false)
$$;
create or replace function storage.allow_any_operation(expected_operations text[]) returns boolean
language sql stable as $$
    select coalesce(bool_or(storage.allow_only_operation(expected)), false) from unnest(expected_operations) as expected
$$;

do $$
declare
    thing text;
begin
    for thing in select tablename from pg_catalog.pg_tables where schemaname = 'storage' loop
        execute format('alter table storage.%I owner to supabase_storage_admin', thing);
        execute format('alter table storage.%I enable row level security', thing);
    end loop;
    for thing in
        select p.oid::regprocedure from pg_catalog.pg_proc p where p.pronamespace = 'storage'::regnamespace
    loop
        execute format('alter function %s owner to supabase_storage_admin', thing);
    end loop;
    alter type storage.buckettype owner to supabase_storage_admin;
end
$$;
grant all on storage.buckets, storage.objects to postgres with grant option;
grant all on storage.buckets, storage.objects to anon, authenticated, service_role, dashboard_user;
grant all on storage.buckets_analytics, storage.prefixes to postgres, anon, authenticated, service_role;
grant all on storage.s3_multipart_uploads, storage.s3_multipart_uploads_parts to postgres, service_role;
grant select on storage.s3_multipart_uploads, storage.s3_multipart_uploads_parts to anon, authenticated;
grant all on storage.buckets_vectors, storage.vector_indexes to postgres, service_role;
grant select on storage.buckets_vectors, storage.vector_indexes to anon, authenticated;
grant select on storage.migrations to postgres;
