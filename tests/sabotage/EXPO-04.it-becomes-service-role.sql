-- object: public.run(text)
-- object: public.count_as_the_server()
-- The API's login may become service_role, whoever calls, and row level security does not bind it.
set role postgres;
create function public.run(question text) returns void language plpgsql as $$
begin
  set local role service_role;
  execute question;
end $$;
create function public.count_as_the_server() returns bigint language sql set role = 'service_role'
as 'select count(*) from public.messages';
grant execute on function public.run(text), public.count_as_the_server() to authenticated;
