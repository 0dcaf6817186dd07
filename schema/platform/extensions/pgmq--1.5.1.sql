-- pgmq: queues are tables, as they are in the real one; partitioned queues are plain ones here.
-- Sources: https://supabase.com/docs/guides/queues/pgmq
--          https://pgxn.org/dist/pgmq/docs/api/sql/functions.html

create table pgmq.meta (
    queue_name varchar unique not null,
    is_partitioned boolean not null,
    is_unlogged boolean not null,
    created_at timestamptz not null default now()
);
create type pgmq.message_record as (
    msg_id bigint, read_ct integer, enqueued_at timestamptz, vt timestamptz, message jsonb, headers jsonb
);
create type pgmq.queue_record as (
    queue_name varchar, is_partitioned boolean, is_unlogged boolean, created_at timestamptz
);
create type pgmq.metrics_result as (
    queue_name text, queue_length bigint, newest_msg_age_sec integer, oldest_msg_age_sec integer, total_messages bigint,
    scrape_time timestamptz, queue_visible_length bigint
);

create function pgmq.format_table_name(queue_name text, prefix text) returns text
    language plpgsql immutable set search_path = '' as $$
begin
    if queue_name ~ '\$|;|--|''' then
        raise exception 'queue name contains invalid characters: $, ;, --, or \''';
    end if;
    return lower(prefix || '_' || queue_name);
end
$$;
create function pgmq.validate_queue_name(queue_name text) returns void language plpgsql set search_path = '' as $$
begin
    if length(queue_name) > 47 then
        raise exception 'queue name is too long, maximum length is 47 characters';
    end if;
end
$$;
create function pgmq._create(queue_name text, unlogged boolean, partitioned boolean) returns void
    language plpgsql set search_path = '' as $$
begin
    perform pgmq.validate_queue_name(queue_name);
    execute format(
        'create %s table if not exists pgmq.%I (msg_id bigint primary key generated always as identity,
         read_ct integer not null default 0, enqueued_at timestamptz not null default now(),
         vt timestamptz not null, message jsonb, headers jsonb)',
        case when unlogged then 'unlogged' else '' end, pgmq.format_table_name(queue_name, 'q')
    );
    execute format(
        'create table if not exists pgmq.%I (msg_id bigint primary key, read_ct integer not null default 0,
         enqueued_at timestamptz not null default now(), archived_at timestamptz not null default now(),
         vt timestamptz not null, message jsonb, headers jsonb)',
        pgmq.format_table_name(queue_name, 'a')
    );
    execute format(
        'create index if not exists %I on pgmq.%I (vt)',
        pgmq.format_table_name(queue_name, 'q') || '_vt_idx', pgmq.format_table_name(queue_name, 'q')
    );
    execute format(
        'create index if not exists %I on pgmq.%I (archived_at)',
        'archived_at_idx_' || queue_name, pgmq.format_table_name(queue_name, 'a')
    );
    insert into pgmq.meta (queue_name, is_partitioned, is_unlogged)
    values (_create.queue_name, partitioned, unlogged)
    on conflict do nothing;
end
$$;
create function pgmq.create(queue_name text) returns void language sql set search_path = '' as $$
    select pgmq._create(queue_name, false, false)
$$;
create function pgmq.create_non_partitioned(queue_name text) returns void language sql set search_path = '' as $$
    select pgmq._create(queue_name, false, false)
$$;
create function pgmq.create_unlogged(queue_name text) returns void language sql set search_path = '' as $$
    select pgmq._create(queue_name, true, false)
$$;
create function pgmq.create_partitioned(
    queue_name text, partition_interval text default '10000', retention_interval text default '100000'
) returns void language sql set search_path = '' as $$
    select pgmq._create(queue_name, false, true)
$$;
create function pgmq.drop_queue(queue_name text) returns boolean language plpgsql set search_path = '' as $$
begin
    delete from pgmq.meta m where m.queue_name = drop_queue.queue_name;
    if not found then
        raise notice 'pgmq queue "%" does not exist', queue_name;
        return false;
    end if;
    execute format('drop table if exists pgmq.%I', pgmq.format_table_name(queue_name, 'q'));
    execute format('drop table if exists pgmq.%I', pgmq.format_table_name(queue_name, 'a'));
    return true;
end
$$;
create function pgmq.drop_queue(queue_name text, partitioned boolean) returns boolean
    language sql set search_path = '' as $$
    select pgmq.drop_queue(queue_name)
$$;
create function pgmq.detach_archive(queue_name text) returns void language sql set search_path = '' as '';
create function pgmq.convert_archive_partitioned(
    table_name text, partition_interval text default '10000', retention_interval text default '100000',
    leading_partition integer default 10
) returns void language sql set search_path = '' as '';
create function pgmq.list_queues() returns setof pgmq.queue_record language sql stable set search_path = '' as $$
    select row(queue_name, is_partitioned, is_unlogged, created_at)::pgmq.queue_record from pgmq.meta
$$;

create function pgmq.send(queue_name text, msg jsonb, headers jsonb, delay timestamptz) returns setof bigint
    language plpgsql set search_path = '' as $$
begin
    return query execute format(
        'insert into pgmq.%I (vt, message, headers) values ($1, $2, $3) returning msg_id',
        pgmq.format_table_name(queue_name, 'q')
    ) using delay, msg, headers;
end
$$;
create function pgmq.send(queue_name text, msg jsonb) returns setof bigint language sql set search_path = '' as $$
    select * from pgmq.send(queue_name, msg, null, clock_timestamp())
$$;
create function pgmq.send(queue_name text, msg jsonb, headers jsonb) returns setof bigint
    language sql set search_path = '' as $$
    select * from pgmq.send(queue_name, msg, headers, clock_timestamp())
$$;
create function pgmq.send(queue_name text, msg jsonb, delay integer) returns setof bigint
    language sql set search_path = '' as $$
    select * from pgmq.send(queue_name, msg, null, clock_timestamp() + make_interval(secs => delay))
$$;
create function pgmq.send(queue_name text, msg jsonb, delay timestamptz) returns setof bigint
    language sql set search_path = '' as $$
    select * from pgmq.send(queue_name, msg, null, delay)
$$;
create function pgmq.send(queue_name text, msg jsonb, headers jsonb, delay integer) returns setof bigint
    language sql set search_path = '' as $$
    select * from pgmq.send(queue_name, msg, headers, clock_timestamp() + make_interval(secs => delay))
$$;
create function pgmq.send_batch(queue_name text, msgs jsonb[], headers jsonb[], delay timestamptz) returns setof bigint
    language plpgsql set search_path = '' as $$
begin
    return query execute format(
        'insert into pgmq.%I (vt, message, headers) select $2, m, h from unnest($1, coalesce($3, ''{}'')) as u (m, h)
         returning msg_id', pgmq.format_table_name(queue_name, 'q')
    ) using msgs, delay, headers;
end
$$;
create function pgmq.send_batch(queue_name text, msgs jsonb[]) returns setof bigint language sql set search_path = '' as $$
    select * from pgmq.send_batch(queue_name, msgs, null, clock_timestamp())
$$;
create function pgmq.send_batch(queue_name text, msgs jsonb[], delay integer) returns setof bigint
    language sql set search_path = '' as $$
    select * from pgmq.send_batch(queue_name, msgs, null, clock_timestamp() + make_interval(secs => delay))
$$;
create function pgmq.read(queue_name text, vt integer, qty integer, conditional jsonb default '{}')
    returns setof pgmq.message_record language plpgsql set search_path = '' as $$
begin
    return query execute format(
        'with next as (
             select msg_id from pgmq.%1$I where vt <= clock_timestamp() and message @> $3
             order by msg_id limit $1 for update skip locked
         )
         update pgmq.%1$I m set vt = clock_timestamp() + $2, read_ct = read_ct + 1 from next
         where m.msg_id = next.msg_id
         returning m.msg_id, m.read_ct, m.enqueued_at, m.vt, m.message, m.headers',
        pgmq.format_table_name(queue_name, 'q')
    ) using qty, make_interval(secs => vt), coalesce(conditional, '{}');
end
$$;
create function pgmq.read_with_poll(
    queue_name text, vt integer, qty integer, max_poll_seconds integer default 5,
    poll_interval_ms integer default 100, conditional jsonb default '{}'
) returns setof pgmq.message_record language sql set search_path = '' as $$
    select * from pgmq.read(queue_name, vt, qty, conditional)
$$;
create function pgmq.pop(queue_name text) returns setof pgmq.message_record language plpgsql set search_path = '' as $$
begin
    return query execute format(
        'delete from pgmq.%1$I where msg_id = (
             select msg_id from pgmq.%1$I where vt <= clock_timestamp() order by msg_id limit 1 for update skip locked
         ) returning msg_id, read_ct, enqueued_at, vt, message, headers', pgmq.format_table_name(queue_name, 'q')
    );
end
$$;
create function pgmq.delete(queue_name text, msg_ids bigint[]) returns setof bigint
    language plpgsql set search_path = '' as $$
begin
    return query execute format(
        'delete from pgmq.%I where msg_id = any ($1) returning msg_id', pgmq.format_table_name(queue_name, 'q')
    ) using msg_ids;
end
$$;
create function pgmq.delete(queue_name text, msg_id bigint) returns boolean language sql set search_path = '' as $$
    select exists (select from pgmq.delete(queue_name, array[msg_id]))
$$;
create function pgmq.archive(queue_name text, msg_ids bigint[]) returns setof bigint
    language plpgsql set search_path = '' as $$
begin
    return query execute format(
        'with gone as (delete from pgmq.%I where msg_id = any ($1)
             returning msg_id, read_ct, enqueued_at, vt, message, headers)
         insert into pgmq.%I (msg_id, read_ct, enqueued_at, vt, message, headers) select * from gone returning msg_id',
        pgmq.format_table_name(queue_name, 'q'), pgmq.format_table_name(queue_name, 'a')
    ) using msg_ids;
end
$$;
create function pgmq.archive(queue_name text, msg_id bigint) returns boolean language sql set search_path = '' as $$
    select exists (select from pgmq.archive(queue_name, array[msg_id]))
$$;
create function pgmq.set_vt(queue_name text, msg_id bigint, vt integer) returns setof pgmq.message_record
    language plpgsql set search_path = '' as $$
begin
    return query execute format(
        'update pgmq.%I set vt = clock_timestamp() + $2 where msg_id = $1
         returning msg_id, read_ct, enqueued_at, vt, message, headers', pgmq.format_table_name(queue_name, 'q')
    ) using msg_id, make_interval(secs => vt);
end
$$;
create function pgmq.purge_queue(queue_name text) returns bigint language plpgsql set search_path = '' as $$
declare
    gone bigint;
begin
    execute format('delete from pgmq.%I', pgmq.format_table_name(queue_name, 'q'));
    get diagnostics gone = row_count;
    return gone;
end
$$;
create function pgmq.metrics(queue_name text) returns pgmq.metrics_result language plpgsql set search_path = '' as $$
declare
    result pgmq.metrics_result;
begin
    execute format(
        'select $1, count(*), extract(epoch from now() - max(enqueued_at))::integer,
             extract(epoch from now() - min(enqueued_at))::integer, coalesce(max(msg_id), 0), now(),
             count(*) filter (where vt <= now())
         from pgmq.%I', pgmq.format_table_name(queue_name, 'q')
    ) using queue_name into result;
    return result;
end
$$;
create function pgmq.metrics_all() returns setof pgmq.metrics_result language sql set search_path = '' as $$
    select pgmq.metrics(queue_name) from pgmq.meta
$$;

grant usage, create on schema pgmq to postgres with grant option;
grant all on all tables in schema pgmq to postgres with grant option;
