update public.contact_exchanges set exchanged_at = now() - interval '8 days', confirmed_at = now() - interval '1 day'
where id = '30000000-0000-4000-8000-000000000002';
