-- object: 20000000-0000-4000-8000-000000000001
-- object: 20000000-0000-4000-8000-000000000005
alter table public.help_requests drop constraint help_requests_cancelled_has_time;
alter table public.help_requests drop constraint help_requests_completed_has_time;
alter table public.help_requests disable trigger keep_life_cycle;
update public.help_requests set status = 'cancelled' where id = '20000000-0000-4000-8000-000000000001';
update public.help_requests set completed_at = null where id = '20000000-0000-4000-8000-000000000005';
alter table public.help_requests enable trigger keep_life_cycle;
