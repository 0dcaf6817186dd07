-- also: AUTH-08
drop trigger keep_life_cycle on public.help_requests;
grant update (helped_at, completed_at, cancelled_at) on public.help_requests to authenticated;
