-- object: "owners and admins change requests" on public.help_requests
grant update (user_id) on public.help_requests to authenticated;
alter policy "owners and admins change requests" on public.help_requests with check (true);
