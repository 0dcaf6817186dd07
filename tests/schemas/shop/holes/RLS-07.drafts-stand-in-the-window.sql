-- object: products_window on public.products
create policy products_window on public.products for select to authenticated
    using (status <> 'retired' and (select auth.uid()) is not null);
