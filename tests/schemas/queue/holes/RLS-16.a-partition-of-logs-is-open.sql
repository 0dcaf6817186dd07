-- object: public.job_logs_2025
alter table public.job_logs_2025 disable row level security;
grant select on public.job_logs_2025 to authenticated;
