-- object: public.message_counts
-- object: public.log_2025
set role postgres;
create view private.all_messages as select m.* from public.messages m;
create view private.message_days as with days as (select a.created_at::date as day from private.all_messages a)
select d.day from days d;
create view public.message_counts as select (select count(*) from private.message_days) as messages union all select 0;
grant select on public.message_counts to anon;
-- The parent has row level security, its partition has not.
create table private.log (at date primary key, who uuid) partition by range (at);
alter table private.log enable row level security;
create table private.log_2025 partition of private.log for values from ('2025-01-01') to ('2026-01-01');
create view public.log_2025 as select l.* from private.log_2025 l;
grant select on public.log_2025 to authenticated;
