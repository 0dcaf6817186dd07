insert into public.conversations (id, help_request_id, last_message_at) values
('40000000-0000-4000-8000-00000000aaaa', '20000000-0000-4000-8000-000000000002', now());
insert into public.conversation_participants (conversation_id, user_id) values
('40000000-0000-4000-8000-00000000aaaa', '00000000-0000-4000-8000-000000000003'),
('40000000-0000-4000-8000-00000000aaaa', '00000000-0000-4000-8000-000000000004');
