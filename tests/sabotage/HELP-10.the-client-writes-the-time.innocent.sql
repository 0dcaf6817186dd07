-- also: RLS-07
drop trigger keep_life_cycle on public.help_requests;
grant update on public.help_requests to authenticated;
