-- object: 30000000-0000-4000-8000-000000000003
-- also: CONTACT-01
update public.contact_exchanges set exchanged_at = now() - interval '49 hours' where id = '30000000-0000-4000-8000-000000000003';
