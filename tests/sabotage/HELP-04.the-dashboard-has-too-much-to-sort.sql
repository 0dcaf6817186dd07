-- object: public.help_requests
-- set: dashboard_ms = 8
set local session_replication_role = replica;
insert into public.help_requests (id, user_id, title, category)
select gen_random_uuid(), '10000000-0000-4000-8000-000000001001', 'A lift to town', 'transport'
from generate_series(1, 40000);
set local session_replication_role = origin;
