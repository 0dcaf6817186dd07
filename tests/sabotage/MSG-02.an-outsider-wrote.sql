-- object: 50000000-0000-4000-8000-00000000aaaa
alter table public.messages drop constraint messages_sender_takes_part;
insert into public.messages (id, conversation_id, sender_id, content) values
('50000000-0000-4000-8000-00000000aaaa', '40000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000005', 'x');
