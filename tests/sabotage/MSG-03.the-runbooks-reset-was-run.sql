-- object: 40000000-0000-4000-8000-000000000005
update public.conversations set last_message_at = now() where id = '40000000-0000-4000-8000-000000000005';
