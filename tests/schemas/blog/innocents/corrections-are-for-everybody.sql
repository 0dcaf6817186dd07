-- A restrictive policy for all keeps what is hidden away even from those whom the broad one lets in.
create policy media_signed_in on public.media for select to authenticated
    using ((select auth.role()) = 'authenticated');
drop policy media_read on public.media;
create policy media_read on public.media for select to anon
    using (exists (select from public.posts p where p.id = post_id));
create policy media_of_what_is_seen on public.media as restrictive for select to authenticated
    using (uploaded_by = (select internal.author_id()) or exists (select from public.posts p where p.id = post_id));
