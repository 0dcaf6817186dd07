-- object: stranger: ask in alice's name
-- object: bob: ask in alice's name
-- also: RLS-07
alter policy requests_insert on public.help_requests with check ((select public.is_current_user_approved()));
