-- object: 40000000-0000-4000-8000-00000000aaaa
insert into public.conversations (id, help_request_id, created_by) values
('40000000-0000-4000-8000-00000000aaaa', '20000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000003');
insert into public.conversation_participants (conversation_id, user_id) values
('40000000-0000-4000-8000-00000000aaaa', '00000000-0000-4000-8000-000000000003');
