-- object: public.comment_writers
create view public.comment_writers as
    select c.id, u.email from public.comments c join auth.users u on u.id = c.user_id where c.state = 'shown';
grant select on public.comment_writers to anon;
