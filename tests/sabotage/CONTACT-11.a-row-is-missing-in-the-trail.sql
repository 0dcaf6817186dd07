-- object: 30000000-0000-4000-8000-000000000002
delete from public.contact_exchange_audit where exchange_id = '30000000-0000-4000-8000-000000000002';
