-- object: posts_public on public.posts
-- What is for everybody was asked for, and what is published was not. What hangs on posts goes with them.
create policy posts_public on public.posts for select to anon, authenticated
    using (visibility = 'public' and status = 'draft');
