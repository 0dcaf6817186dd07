create index on public.sections (parent);
create index on public.authors (featured_post_id);
create index on public.posts (author_id);
create index on public.posts (section);
create index on public.post_revisions (edited_by);
create index on public.post_revisions (post_id, previous);
create index on public.post_tags (tag);
create index on public.co_authors (author_id);
create index on public.media (post_id);
create index on public.media (uploaded_by);
create index on public.comments (post_id, parent_id);
create index on public.comments (user_id);
create index on public.reactions (user_id);
create index on public.bookmarks (post_id);
create index on public.follows (author_id);
create index on public.blocks (blocked_id);
create index on public.page_views (post_id);
create index on public.polls (post_id);
create index on public.polls (favourite_id);
create index on public.votes (answer_id);
create index on public.votes (user_id);

-- Pictures: anybody sees those of the bucket "pictures"; authors put theirs into a folder of their own.
insert into storage.buckets (id, name, public) values ('pictures', 'pictures', true), ('drafts', 'drafts', false);
create policy pictures_add on storage.objects for insert to authenticated
    with check (bucket_id = 'pictures' and (storage.foldername(name))[1] = (select auth.uid())::text);
create policy drafts_own on storage.objects for select to authenticated
    using (bucket_id = 'drafts' and owner_id = (select auth.uid())::text);
