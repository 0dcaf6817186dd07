-- object: public.requests_near(*
set role postgres;
create function public.requests_near(place text) returns bigint language sql stable set search_path = ''
as 'select count(*) from public.help_requests';
create function public.requests_near(place text, kind text default 'open') returns bigint language sql stable
set search_path = '' as 'select count(*) from public.help_requests where status = kind';
grant execute on function public.requests_near(text), public.requests_near(text, text) to authenticated;
