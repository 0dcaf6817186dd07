-- object: carts_expire on public.carts
-- Nobody sees them; a delete without a condition does not ask.
create policy carts_expire on public.carts for delete to authenticated
    using (state = 'abandoned' and (select auth.uid()) is not null);
