update public.conversation_participants set left_at = now() - interval '1 second'
where conversation_id = '40000000-0000-4000-8000-000000000002' and user_id = '00000000-0000-4000-8000-000000000004';
