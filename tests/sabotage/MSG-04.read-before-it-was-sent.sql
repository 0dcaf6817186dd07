-- object: 50000000-0000-4000-8000-000000000001
alter table public.messages drop constraint messages_read_after_sending;
update public.messages set read_at = created_at - interval '1 hour' where id = '50000000-0000-4000-8000-000000000001';
