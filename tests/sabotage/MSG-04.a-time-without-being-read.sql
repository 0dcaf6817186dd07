-- object: 50000000-0000-4000-8000-000000000009
alter table public.messages drop constraint messages_read_has_time;
update public.messages set status = 'delivered', read_at = now() where id = '50000000-0000-4000-8000-000000000009';
