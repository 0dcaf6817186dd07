update public.help_requests set status = 'closed' where id = '20000000-0000-4000-8000-000000000005';
