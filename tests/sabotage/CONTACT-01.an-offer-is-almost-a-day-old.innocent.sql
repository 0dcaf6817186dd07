update public.contact_exchanges set exchanged_at = now() - interval '23 hours 59 minutes' where id = '30000000-0000-4000-8000-000000000003';
