create schema if not exists "pgmq";
create extension if not exists "pgmq" with schema "pgmq";
select from pgmq.create('imports');
create function public.enqueue(payload jsonb) returns bigint language plpgsql security definer set search_path = '' as $$
declare
    id bigint;
begin
    select * into id from pgmq.send(queue_name => 'imports', msg => payload, delay => 10);
    return id;
end $$;
select public.enqueue('{"n": 1}');
