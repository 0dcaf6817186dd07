-- Row level security applies to this view's owner.
create role reporting;
grant usage on schema public to reporting;
grant select on public.help_requests to reporting;
create view public.request_titles as select id, title from public.help_requests;
alter view public.request_titles owner to reporting;
grant select on public.request_titles to authenticated;
