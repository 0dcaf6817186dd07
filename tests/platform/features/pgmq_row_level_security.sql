create extension pgmq;
select pgmq.create('jobs');
alter table pgmq.q_jobs enable row level security;
grant select, insert, update, delete on table pgmq.q_jobs to service_role;
create policy "service only" on pgmq.q_jobs for all to service_role using (true);
grant usage on schema pgmq to service_role;
