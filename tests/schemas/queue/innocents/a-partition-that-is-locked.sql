-- A grant on a partition that has row level security and no policy of its own gives nothing.
grant select on public.job_logs_later to authenticated;
