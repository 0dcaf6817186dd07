-- As wide as a table can be, as exported tables sometimes are; its names are what a spreadsheet gave.
do $$
declare
    columns text;
begin
    select string_agg(
        format('%I %s', case i % 50 when 0 then format('Sheet "%s" – %%', i) else 'c' || i end,
               case i % 4 when 0 then 'text' when 1 then 'integer' when 2 then 'boolean' else 'timestamptz' end), ', ')
    into columns
    from generate_series(1, 1598) i;
    execute format('create table queue.telemetry (id uuid primary key, owner_id uuid not null, %s)', columns);
end
$$;
-- Nothing identifies a row here.
create table queue."select" (
    "from" uuid,
    "where" text not null,
    "order by" text[] default '{}',
    "limit" integer not null check ("limit" % 2 = 0)
);
create unlogged table queue.heartbeat (
    worker_id uuid primary key references queue.workers (id) on delete cascade,
    beat timestamptz not null default clock_timestamp()
);
alter table queue.telemetry enable row level security;
alter table queue."select" enable row level security;
alter table queue.heartbeat enable row level security;

create function queue.note_beat() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    insert into queue.heartbeat (worker_id) values (new.id)
    on conflict (worker_id) do update set beat = excluded.beat;
    return null;
end
$$;
create trigger note_beat after insert or update on queue.workers for each row execute function queue.note_beat();
alter table queue.workers enable always trigger note_beat;

create function public.my_queue() returns table (id bigint, state public.job_state, ahead bigint)
    language sql stable security definer set search_path = '' as $$
    select j.id, j.state,
           (select count(*) from public.jobs o where o.queue = j.queue and o.state = 'queued' and o.id < j.id)
    from public.jobs j where j.requested_by = (select auth.uid())
$$;
revoke execute on function public.my_queue() from public, anon;
grant execute on function public.my_queue() to authenticated;
