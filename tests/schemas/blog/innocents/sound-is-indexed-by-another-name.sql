create index "what authors have written, newest first" on public.posts (author_id, published_at desc);
drop index public.posts_author_id_idx;
