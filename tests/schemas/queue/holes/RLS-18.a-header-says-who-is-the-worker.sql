-- object: *files_worker*
create policy files_worker on public.job_files for select to authenticated
    using (current_setting('request.headers', true)::jsonb ->> 'x-worker' = 'yes');
