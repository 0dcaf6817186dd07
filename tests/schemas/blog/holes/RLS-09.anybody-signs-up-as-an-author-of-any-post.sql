-- object: co_authors_add on public.co_authors
-- Who is named beside the author may read drafts: and anybody names themselves.
create function internal.writes(post bigint) returns boolean
    language sql stable security definer set search_path = '' as $$
    select exists (select from public.co_authors c where c.post_id = post and c.author_id = internal.author_id())
$$;
grant execute on function internal.writes(bigint) to authenticated;
grant insert (post_id, author_id, share) on public.co_authors to authenticated;
create policy co_authors_add on public.co_authors for insert to authenticated
    with check (author_id = (select internal.author_id()));

alter policy posts_read_signed_in on public.posts using (
    status = 'published' and published_at <= now()
        and (visibility = 'public' or visibility = 'members' and (select internal.is_subscriber()))
    or author_id = (select internal.author_id()) or (select internal.is_editor())
    or internal.writes(id));
