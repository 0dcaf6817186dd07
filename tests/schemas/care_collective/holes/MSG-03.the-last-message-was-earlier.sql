-- object: 40000000-0000-4000-8000-000000000002
update public.conversations set last_message_at = now() - interval '90 days' where id = '40000000-0000-4000-8000-000000000002';
