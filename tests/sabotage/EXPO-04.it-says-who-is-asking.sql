-- object: public.messages_of(uuid)
-- also: EXPO-05
-- Whoever the request's claims name is who the policies take the caller for, until the transaction ends.
set role postgres;
create function public.messages_of(member uuid) returns setof public.messages language plpgsql as $$
begin
  perform pg_catalog.set_config('request.jwt.claims', pg_catalog.json_build_object('sub', member)::text, true);
  return query select * from public.messages;
end $$;
grant execute on function public.messages_of(uuid) to authenticated;
