update public.contact_exchanges set confirmed_at = exchanged_at where id = '30000000-0000-4000-8000-000000000002';
