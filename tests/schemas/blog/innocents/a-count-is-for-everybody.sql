-- It touches comments of all, and tells a number about a post that the caller sees.
create function public.comment_count(post bigint) returns bigint
    language sql stable set search_path = '' as $$
    select count(*) from public.comments c where c.post_id = post
$$;
grant execute on function public.comment_count(bigint) to anon, authenticated;
