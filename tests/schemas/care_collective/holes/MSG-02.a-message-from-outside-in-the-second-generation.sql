-- object: 50000000-0000-4000-8000-019999999999
insert into public.messages_v2 (id, conversation_id, sender_id, content, created_at)
values ('50000000-0000-4000-8000-019999999999', '40000000-0000-4000-8000-010000000002',
        '00000000-0000-4000-8000-000000000005', 'written past the rules', now() - interval '1 hour');
