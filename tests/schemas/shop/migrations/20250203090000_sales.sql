-- Customers, orders, money. A customer is a person who may or may not have an account.
create type public.postal_address as (street text, city text, postcode text);
create sequence public.order_numbers start 10000;

create table public.customers (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default gen_random_uuid(),
    user_id uuid references auth.users (id) on delete set null,
    email public.email_address,
    phone text,
    billing public.postal_address,
    consent boolean not null default false,
    notes text,
    primary key (tenant_id, id),
    constraint reachable check (num_nonnulls(user_id, email, phone) >= 1)
);
create index customers_user_id_idx on public.customers (user_id);

create table public.addresses (
    id uuid primary key default gen_random_uuid(),
    tenant_id uuid not null,
    customer_id uuid not null,
    label text not null check (label in ('home', 'work', 'other')),
    street text not null,
    country char(2) not null check (country ~ '^[A-Z]{2}$'),
    is_default boolean not null default false,
    foreign key (tenant_id, customer_id) references public.customers (tenant_id, id) on delete cascade
);
create unique index addresses_one_default on public.addresses (tenant_id, customer_id) where is_default;

create table public.orders (
    tenant_id uuid not null,
    id uuid not null default gen_random_uuid(),
    number bigint not null default nextval('public.order_numbers'),
    customer_id uuid not null,
    status text not null default 'placed' check (status in ('placed', 'paid', 'shipped', 'returned', 'cancelled')),
    placed_at timestamptz not null default now(),
    paid_at timestamptz,
    cancelled_at timestamptz,
    total public.money_amount not null default 0,
    "ship-to" public.postal_address,
    last_shipment_id uuid,
    primary key (tenant_id, id),
    unique (tenant_id, number),
    foreign key (tenant_id, customer_id) references public.customers (tenant_id, id) on delete cascade,
    constraint paid_when check ((status in ('paid', 'shipped', 'returned')) = (paid_at is not null)),
    constraint cancelled_when check ((status = 'cancelled') = (cancelled_at is not null)),
    constraint in_order check (paid_at >= placed_at and cancelled_at >= placed_at or paid_at is null
                               or cancelled_at is null and paid_at >= placed_at)
);

create table public.order_items (
    tenant_id uuid not null,
    order_id uuid not null,
    line smallint not null check (line between 1 and 200),
    product_id uuid not null,
    quantity integer not null check (quantity > 0 and quantity <= 1000),
    unit_price public.money_amount not null,
    line_total numeric generated always as (quantity * unit_price) stored,
    primary key (tenant_id, order_id, line),
    foreign key (tenant_id, order_id) references public.orders (tenant_id, id) on delete cascade,
    foreign key (tenant_id, product_id) references public.products (tenant_id, id) on delete cascade
);

create table public.shipments (
    tenant_id uuid not null,
    id uuid not null default gen_random_uuid(),
    order_id uuid not null,
    carrier text not null check (carrier in ('dhl', 'ups', 'pickup')),
    tracking text,
    shipped_at timestamptz,
    delivered_at timestamptz,
    primary key (tenant_id, id),
    foreign key (tenant_id, order_id) references public.orders (tenant_id, id) on delete cascade,
    check (delivered_at > shipped_at),
    check (shipped_at is not null or delivered_at is null),
    constraint tracked check (carrier = 'pickup' or tracking is not null)
);
-- The two refer to each other.
alter table public.orders add constraint orders_last_shipment
    foreign key (tenant_id, last_shipment_id) references public.shipments (tenant_id, id)
    deferrable initially deferred;

create table public.payments (
    id uuid primary key default gen_random_uuid(),
    tenant_id uuid not null,
    order_id uuid not null,
    amount numeric(12, 2) not null check (amount > 0),
    fee numeric(12, 2) not null default 0,
    method text not null check (method in ('card', 'transfer', 'cash')),
    state text not null check (state in ('pending', 'settled', 'refunded')),
    card_last4 text check (card_last4 ~ '^[0-9]{4}$'),
    provider_payload json,
    settled_at timestamptz,
    foreign key (tenant_id, order_id) references public.orders (tenant_id, id) on delete cascade,
    constraint fee_below_amount check (fee >= 0 and fee < amount),
    constraint card_has_digits check (method <> 'card' or card_last4 is not null),
    constraint settled_when check (state = 'pending' or settled_at is not null)
);

-- What happened to orders, in partitions by month of record and one for what is older.
create table public.order_events (
    id bigint generated always as identity,
    tenant_id uuid not null,
    order_id uuid not null,
    kind text not null check (kind in ('placed', 'paid', 'shipped', 'note')),
    actor_id uuid references public.profiles (id) on delete set null,
    note text,
    happened_at timestamptz not null,
    primary key (id, happened_at, kind),
    foreign key (tenant_id, order_id) references public.orders (tenant_id, id) on delete cascade,
    constraint note_says_something check (kind <> 'note' or note is not null)
) partition by range (happened_at);
create table public.order_events_2024 partition of public.order_events
    for values from ('2024-01-01') to ('2025-01-01');
create table public.order_events_2025 partition of public.order_events
    for values from ('2025-01-01') to ('2026-01-01') partition by list (kind);
create table public.order_events_2025_notes partition of public.order_events_2025 for values in ('note');
create table public.order_events_2025_rest partition of public.order_events_2025 default;

create table public.discounts (
    id uuid primary key default gen_random_uuid(),
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    code text not null check (code = upper(code) and code ~ '^[A-Z0-9]{4,12}$'),
    percent numeric(5, 2),
    amount public.money_amount,
    valid_from date not null,
    valid_to date not null,
    uses integer not null default 0,
    max_uses integer,
    conditions jsonb not null default '{"kind": "all"}',
    unique (tenant_id, code),
    constraint one_kind check (num_nonnulls(percent, amount) = 1),
    constraint percent_range check (percent > 0 and percent <= 90),
    constraint valid_period check (valid_to > valid_from),
    constraint used_up check (uses <= max_uses),
    constraint conditions_kind check (conditions ->> 'kind' = any (array['all', 'category', 'customer']))
);

create table public.carts (
    id uuid primary key default gen_random_uuid(),
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    state text not null default 'open' check (state in ('open', 'ordered', 'abandoned')),
    discount_id uuid references public.discounts (id) on delete set null,
    created_at timestamptz not null default now(),
    unique (tenant_id, id)
);
create unique index carts_one_open on public.carts (tenant_id, user_id) where state = 'open';

create table public.cart_items (
    tenant_id uuid not null,
    cart_id uuid not null,
    product_id uuid not null,
    quantity integer not null default 1 check (quantity between 1 and 99),
    primary key (tenant_id, cart_id, product_id),
    foreign key (tenant_id, cart_id) references public.carts (tenant_id, id) on delete cascade,
    foreign key (tenant_id, product_id) references public.products (tenant_id, id) on delete cascade
);

create table public.reviews (
    id uuid primary key default gen_random_uuid(),
    tenant_id uuid not null,
    product_id uuid not null,
    author_id uuid not null references public.profiles (id) on delete cascade,
    rating smallint not null check (rating between 1 and 5),
    body text not null check (length(body) >= 10),
    is_approved boolean not null default false,
    approved_by uuid references public.profiles (id) on delete cascade,
    foreign key (tenant_id, product_id) references public.products (tenant_id, id) on delete cascade,
    unique (tenant_id, product_id, author_id),
    constraint not_approved_by_the_author check (approved_by <> author_id),
    constraint approved_by_somebody check (is_approved = (approved_by is not null))
);

create table public."Gift ""Cards""" (
    "select" uuid primary key default gen_random_uuid(),
    "from" uuid not null references public.profiles (id) on delete cascade,
    "To" uuid references public.profiles (id) on delete cascade,
    "100%" numeric(8, 2) not null check ("100%" in (10, 25, 50)),
    "group" text not null unique check ("group" like 'GIFT-%'),
    "spent?" boolean not null default false,
    constraint "not to oneself" check ("from" <> "To")
);

create function private.is_customer(tenant uuid, customer uuid) returns boolean
    language sql stable security definer set search_path = '' as $$
    select exists (
        select from public.customers c
        where c.tenant_id = tenant and c.id = customer and c.user_id = (select auth.uid())
    )
$$;
create function private.is_buyer(tenant uuid, the_order uuid) returns boolean
    language sql stable security definer set search_path = '' as $$
    select exists (
        select from public.orders o join public.customers c on (c.tenant_id, c.id) = (o.tenant_id, o.customer_id)
        where o.tenant_id = tenant and o.id = the_order and c.user_id = (select auth.uid())
    )
$$;
grant execute on all functions in schema private to authenticated, service_role;

alter table public.customers enable row level security;
alter table public.addresses enable row level security;
alter table public.orders enable row level security;
alter table public.order_items enable row level security;
alter table public.shipments enable row level security;
alter table public.payments enable row level security;
alter table public.order_events enable row level security;
alter table public.order_events_2024 enable row level security;
alter table public.order_events_2025 enable row level security;
alter table public.order_events_2025_notes enable row level security;
alter table public.order_events_2025_rest enable row level security;
alter table public.discounts enable row level security;
alter table public.carts enable row level security;
alter table public.cart_items enable row level security;
alter table public.reviews enable row level security;
alter table public."Gift ""Cards""" enable row level security;

create policy customers_read on public.customers for select to authenticated
    using (user_id = (select auth.uid()) or private.is_member(tenant_id));
create policy customers_edit on public.customers for update to authenticated
    using (private.may_manage(tenant_id)) with check (private.may_manage(tenant_id));
create policy addresses_read on public.addresses for select to authenticated
    using (private.is_customer(tenant_id, customer_id) or private.is_member(tenant_id));
create policy addresses_add on public.addresses for insert to authenticated
    with check (private.is_customer(tenant_id, customer_id));
create policy addresses_edit on public.addresses for update to authenticated
    using (private.is_customer(tenant_id, customer_id)) with check (private.is_customer(tenant_id, customer_id));
create policy addresses_remove on public.addresses for delete to authenticated
    using (private.is_customer(tenant_id, customer_id));
create policy orders_read on public.orders for select to authenticated
    using (private.is_customer(tenant_id, customer_id) or private.is_member(tenant_id));
create policy order_items_read on public.order_items for select to authenticated
    using (private.is_buyer(tenant_id, order_id) or private.is_member(tenant_id));
create policy shipments_read on public.shipments for select to authenticated
    using (private.is_buyer(tenant_id, order_id) or private.is_member(tenant_id));
create policy payments_read on public.payments for select to authenticated using (private.may_manage(tenant_id));
create policy order_events_read on public.order_events for select to authenticated
    using (private.is_member(tenant_id));
create policy discounts_read on public.discounts for select to authenticated
    using (private.is_member(tenant_id));
create policy discounts_add on public.discounts for insert to authenticated
    with check (private.may_manage(tenant_id));
create policy discounts_edit on public.discounts for update to authenticated
    using (private.may_manage(tenant_id)) with check (private.may_manage(tenant_id));
create policy discounts_remove on public.discounts for delete to authenticated
    using (private.may_manage(tenant_id));
create policy carts_own on public.carts for all to authenticated
    using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()) and state = 'open');
create policy cart_items_read on public.cart_items for select to authenticated
    using (exists (select from public.carts c where (c.tenant_id, c.id) = (cart_items.tenant_id, cart_id)
                   and c.user_id = (select auth.uid())));
create policy cart_items_add on public.cart_items for insert to authenticated
    with check (exists (select from public.carts c where (c.tenant_id, c.id) = (cart_items.tenant_id, cart_id)
                        and c.user_id = (select auth.uid()) and c.state = 'open'));
create policy cart_items_remove on public.cart_items for delete to authenticated
    using (exists (select from public.carts c where (c.tenant_id, c.id) = (cart_items.tenant_id, cart_id)
                   and c.user_id = (select auth.uid()) and c.state = 'open'));
create policy reviews_read on public.reviews for select to anon, authenticated
    using (is_approved or author_id = (select auth.uid()));
create policy reviews_write on public.reviews for insert to authenticated
    with check (author_id = (select auth.uid()) and not is_approved);
create policy reviews_remove on public.reviews for delete to authenticated using (author_id = (select auth.uid()));
create policy gifts_of_mine on public."Gift ""Cards""" for select to authenticated
    using ((select auth.uid()) in ("from", "To"));

grant select on public.reviews to anon;
grant select, insert, delete on public.reviews, public.cart_items to authenticated;
grant select on public.customers, public.orders, public.order_items, public.shipments, public.payments,
    public.order_events, public."Gift ""Cards""" to authenticated;
grant update (email, phone, billing, consent, notes) on public.customers to authenticated;
grant select, insert, update, delete on public.addresses, public.discounts to authenticated;
grant select, insert, update (discount_id), delete on public.carts to authenticated;
