create table public.people (id uuid primary key references auth.users (id) on delete cascade, full_name text not null, phone text);
create table public.shops (id bigint generated always as identity primary key, owner_id uuid not null references public.people (id) on delete cascade, title text not null, iban text);
create table public.orders (id uuid primary key default gen_random_uuid(), shop_id bigint not null references public.shops (id) on delete cascade, buyer_id uuid not null references public.people (id) on delete cascade, delivery_note text, state text not null default 'draft' check (state in ('draft', 'placed', 'sent')));
alter table public.people enable row level security; alter table public.shops enable row level security; alter table public.orders enable row level security;
create policy me on public.people for select to authenticated using (id = (select auth.uid()));
create policy mine on public.shops for select to authenticated using (owner_id = (select auth.uid()));
create policy buyer on public.orders for select to authenticated using (buyer_id = (select auth.uid()));
create index on public.shops (owner_id); create index on public.orders (buyer_id); create index on public.orders (shop_id);
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;

-- must pass (order id, its buyer): a pair
create function public.order_note(p_order uuid, p_buyer uuid) returns text language sql stable security definer set search_path = '' as $$
  select o.delivery_note from public.orders o where o.id = p_order and o.buyer_id = p_buyer and auth.uid() is not null
$$;
-- null lets through (anon)
create function public.my_phone(p_user uuid) returns text language plpgsql stable security definer set search_path = '' as $$
begin
  if p_user <> auth.uid() then raise exception 'not yours'; end if;
  return (select p.phone from public.people p where p.id = p_user);
end $$;
-- own id, another's row
create function public.shop_iban(p_me uuid, p_shop bigint) returns text language plpgsql stable security definer set search_path = '' as $$
begin
  if p_me is distinct from auth.uid() then raise exception 'not you'; end if;
  return (select s.iban from public.shops s where s.id = p_shop);
end $$;
-- a vocabulary word opens
create function public.move_order(p_order uuid, p_state text) returns void language plpgsql security definer set search_path = '' as $$
begin
  if p_state = 'sent' then
    update public.orders set state = 'sent' where id = p_order;
  else
    update public.orders set state = p_state where id = p_order and buyer_id = auth.uid();
  end if;
end $$;
-- NULL means all
create function public.find_people(p_name text) returns setof text language sql stable security definer set search_path = '' as $$
  select p.phone from public.people p where (p_name is null or (p.full_name = p_name and p.id = auth.uid())) and auth.uid() is not null
$$;
-- arg named badly, table only in body
create function public.fetch(p_ref uuid) returns jsonb language sql stable security definer set search_path = '' as $$
  select to_jsonb(o) - 'shop_id' from public.orders o where o.id = p_ref and auth.role() = 'authenticated'
$$;
create function public.order_note_ok(p_order uuid, p_buyer uuid) returns text language sql stable security definer set search_path = '' as $$
  select o.delivery_note from public.orders o where o.id = p_order and o.buyer_id = p_buyer and o.buyer_id = auth.uid()
$$;
create function public.my_phone_ok(p_user uuid) returns text language plpgsql stable security definer set search_path = '' as $$
begin
  if p_user is distinct from auth.uid() or p_user is null then raise exception 'not yours'; end if;
  return (select p.phone from public.people p where p.id = p_user);
end $$;
create function public.shop_iban_ok(p_me uuid, p_shop bigint) returns text language plpgsql stable security definer set search_path = '' as $$
begin
  return (select s.iban from public.shops s where s.id = p_shop and s.owner_id = auth.uid());
end $$;
create function public.move_order_ok(p_order uuid, p_state text) returns void language plpgsql security definer set search_path = '' as $$
begin
  update public.orders set state = p_state where id = p_order and buyer_id = auth.uid();
end $$;
create function public.find_people_ok(p_name text) returns setof text language sql stable security definer set search_path = '' as $$
  select p.full_name from public.people p where (p_name is null or p.full_name = p_name) and p.id = auth.uid()
$$;
