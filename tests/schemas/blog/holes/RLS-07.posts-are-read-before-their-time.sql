-- object: anon: select public.posts
-- object: anon: select public.*
create policy posts_scheduled on public.posts for select to anon
    using (status = 'published' and visibility = 'public');
