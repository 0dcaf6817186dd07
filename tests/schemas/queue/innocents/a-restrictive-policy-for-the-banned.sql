-- Who is banned does nothing new, whatever else lets them.
create function queue.is_banned() returns boolean
    language sql stable security definer set search_path = '' as $$
    select exists (select from public.accounts a where a.user_id = (select auth.uid()) and a.is_banned)
$$;
grant execute on function queue.is_banned() to authenticated;
create policy job_logs_banned on public.job_logs as restrictive for delete to authenticated
    using (not (select queue.is_banned()));
