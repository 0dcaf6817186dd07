drop view public.my_requests;
create view public.my_requests with (security_invoker = true) as
select r.id, r.title, r.status from public.help_requests r where r.user_id = (select auth.uid());
grant select on public.my_requests to authenticated;
