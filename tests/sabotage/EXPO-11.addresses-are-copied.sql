-- object: public.help_requests
-- also: RLS-07
set role postgres;
alter table public.help_requests add column asked_by text;
update public.help_requests r set asked_by = u.email from auth.users u where u.id = r.user_id;
grant select (asked_by) on public.help_requests to authenticated;
