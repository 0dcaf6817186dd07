alter publication supabase_realtime add table public.comments (id, post_id, body, state);
