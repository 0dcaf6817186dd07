-- object: public.job_board
create view public.job_board with (security_barrier) as
    select j.id, j.queue, j.state, a.nickname from public.jobs j join public.accounts a on a.user_id = j.requested_by;
grant select on public.job_board to authenticated;
