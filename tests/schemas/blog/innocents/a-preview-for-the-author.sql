-- Any draft by its number, as long as it is one's own.
create function public.own_preview(post_id bigint) returns table (title text, body text)
    language sql stable security definer set search_path = '' as $$
    select p.title, p.body from public.posts p where p.id = post_id and p.author_id = internal.author_id()
$$;
grant execute on function public.own_preview(bigint) to authenticated;
