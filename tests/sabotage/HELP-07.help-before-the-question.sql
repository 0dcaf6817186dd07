-- object: 20000000-0000-4000-8000-000000000002
alter table public.help_requests drop constraint help_requests_times_in_order;
update public.help_requests set helped_at = created_at - interval '1 day'
where id = '20000000-0000-4000-8000-000000000002';
