-- object: update (state) on public.comments
-- The editors' word is in a column that the writer may change.
grant update (state) on public.comments to authenticated;
alter policy comments_edit on public.comments with check (user_id = (select auth.uid()));
