-- Firms that order together: functions are given lists, rows and documents of what is to be done.
create type public.order_state as enum ('open', 'passed', 'shipped', 'cancelled');
create type public.firm_role as enum ('buyer', 'approver', 'head');
create table public.firms (id uuid primary key default gen_random_uuid(), name text not null, slug text unique);
create table public.firm_people (
    id uuid primary key default gen_random_uuid(),
    firm_id uuid not null references public.firms (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    role public.firm_role not null default 'buyer',
    unique (firm_id, user_id)
);
create index on public.firm_people (user_id);
create table public.orders (
    id uuid primary key default gen_random_uuid(),
    firm_id uuid not null references public.firms (id) on delete cascade,
    title text not null,
    words integer not null default 0,
    state public.order_state not null default 'open'
);
create index on public.orders (firm_id);
create table public.api_keys (
    id uuid primary key default gen_random_uuid(),
    firm_id uuid not null references public.firms (id) on delete cascade,
    key_hash text not null unique
);
create index on public.api_keys (firm_id);
create table public.bells (
    id uuid primary key default gen_random_uuid(),
    firm_id uuid not null references public.firms (id) on delete cascade,
    url text not null
);
create index on public.bells (firm_id);
create function public.is_of(firm uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.firm_people p where p.firm_id = firm and p.user_id = (select auth.uid()))
$$;
create function public.is_there(firm uuid, wanted text) returns boolean
language sql stable security definer set search_path = '' as $$
    select exists (
        select 1 from public.firm_people p
        where p.firm_id = firm and p.user_id = (select auth.uid()) and p.role::text = wanted)
$$;
alter table public.firms enable row level security;
alter table public.firm_people enable row level security;
alter table public.orders enable row level security;
alter table public.api_keys enable row level security;
alter table public.bells enable row level security;
create policy ours on public.firms for select to authenticated using (public.is_of(id));
create policy ours on public.firm_people for select to authenticated using (public.is_of(firm_id));
create policy ours on public.orders for select to authenticated using (public.is_of(firm_id));
create policy heads on public.api_keys for select to authenticated using (public.is_there(firm_id, 'head'));
create policy heads on public.bells for select to authenticated using (public.is_there(firm_id, 'head'));

create function public.cancel_orders(ids uuid[]) returns integer language plpgsql security definer set search_path = '' as $$
declare n integer;
begin
    update public.orders o set state = 'cancelled' where o.id = any (ids) and (select auth.uid()) is not null;
    get diagnostics n = row_count;
    return n;
end $$;
create function public.settle_orders(orders public.orders[]) returns void
language plpgsql security definer set search_path = '' as $$
declare o public.orders;
begin
    foreach o in array orders loop
        if public.is_there(o.firm_id, 'head') then
            update public.orders x set state = o.state where x.id = o.id;
        end if;
    end loop;
end $$;
create function public.rename_order(o public.orders) returns void language plpgsql security definer set search_path = '' as $$
begin
    if not public.is_of(o.firm_id) then
        raise exception 'not found';
    end if;
    update public.orders x set title = o.title where x.id = o.id;
end $$;
create function public.rename_orders(orders public.orders[]) returns void
language sql security definer set search_path = '' as $$
    update public.orders x set title = n.title from unnest(orders) as n where x.id = n.id and (select auth.uid()) is not null
$$;
create function public.keep_order(o public.orders) returns void language plpgsql security definer set search_path = '' as $$
begin
    if not public.is_of(o.firm_id) then raise exception 'not found'; end if;
    insert into public.orders select o.* on conflict (id) do update set title = excluded.title;
end $$;
create function public.note_words(notes jsonb) returns void language plpgsql security definer set search_path = '' as $$
declare k text; v text;
begin
    if (select auth.uid()) is null then raise exception 'sign in'; end if;
    for k, v in select * from jsonb_each_text(notes) loop
        update public.orders o set words = v::integer where o.id = k::uuid;
    end loop;
end $$;
create function public.order_called(reference text) returns text language sql stable security definer set search_path = '' as $$
    select o.title from public.orders o
    where o.id::text = replace(reference, 'ORD-', '') and (select auth.uid()) is not null
$$;
create function public.ship_order(p_firm_id uuid, p_order_id uuid) returns void
language plpgsql security definer set search_path = '' as $$
begin
    if not public.is_there(p_firm_id, 'head') then raise exception 'forbidden'; end if;
    update public.orders set state = 'shipped' where id = p_order_id;
end $$;
create function public.pass_orders(ids jsonb) returns void language plpgsql security definer set search_path = '' as $$
begin
    if not exists (select 1 from public.firm_people p where p.user_id = (select auth.uid()) and p.role = 'approver') then
        raise exception 'forbidden';
    end if;
    update public.orders o set state = 'passed'
    where o.id in (select x::uuid from jsonb_array_elements_text(ids) x);
end $$;
create function public.renew_keys(ids uuid[]) returns void language sql security definer set search_path = '' as $$
    update public.api_keys k set key_hash = md5(random()::text)
    where k.id = any (ids) and (select auth.uid()) is not null
$$;
create function public.put_bell(bell jsonb) returns uuid language plpgsql security definer set search_path = '' as $$
declare result uuid;
begin
    if not public.is_there((bell ->> 'firm_id')::uuid, 'head') then raise exception 'forbidden'; end if;
    insert into public.bells (id, firm_id, url)
    values (
        coalesce((bell ->> 'id')::uuid, gen_random_uuid()), (bell ->> 'firm_id')::uuid,
        coalesce(bell ->> 'url', 'https://example.org'))
    on conflict (id) do update set url = excluded.url, firm_id = excluded.firm_id
    returning id into result;
    return result;
end $$;
