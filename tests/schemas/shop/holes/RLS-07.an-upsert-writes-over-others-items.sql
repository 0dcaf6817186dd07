-- object: cart_items_upsert on public.cart_items
-- What "insert ... on conflict do update" needs was given to all rows.
grant update (quantity) on public.cart_items to authenticated;
create policy cart_items_upsert on public.cart_items for update to authenticated
    using (quantity < 99) with check (quantity < 99);
