-- object: jobs_hand_on on public.jobs
create policy jobs_hand_on on public.jobs for insert to authenticated
    with check (state = 'queued' and (select auth.uid()) is not null);
