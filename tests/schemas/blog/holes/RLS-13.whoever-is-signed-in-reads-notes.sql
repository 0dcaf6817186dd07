-- object: bookmarks_signed_in on public.bookmarks
create policy bookmarks_signed_in on public.bookmarks for select to authenticated
    using ((select auth.role()) = 'authenticated' and not is_private);
