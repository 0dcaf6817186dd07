insert into public.messages (conversation_id, sender_id, content, created_at) values
('40000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000003', 'x', now() - interval '3 hours');
