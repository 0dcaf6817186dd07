create table public.orders (id bigint primary key, state text);
create function public.order_changed() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    perform realtime.broadcast_changes('order:' || coalesce(new.id, old.id)::text, tg_op, tg_op, tg_table_name, tg_table_schema, new, old);
    return null;
end $$;
create trigger orders_broadcast after insert or update or delete on public.orders for each row execute function public.order_changed();
insert into public.orders values (1, 'new');
do $$ begin
    if (select payload -> 'record' ->> 'state' from realtime.messages where topic = 'order:1') <> 'new' then raise exception 'not sent'; end if;
end $$;
