-- object: *comments_post_id_fkey*
-- Numbers of posts are one after the other: a comment below one that nobody may see is taken all the same.
alter policy comments_write on public.comments with check (user_id = (select auth.uid()) and state = 'waiting');
