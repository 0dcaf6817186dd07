-- object: reviews_write on public.reviews
alter policy reviews_write on public.reviews with check (not is_approved and (select auth.uid()) is not null);
