-- object: posts_scheduled on public.posts
create policy posts_scheduled on public.posts for select to anon
    using (status = 'published' and visibility = 'public');
