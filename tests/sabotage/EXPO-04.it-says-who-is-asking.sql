-- object: public.messages_of(uuid)
-- object: public.write_as(uuid,uuid,text)
-- Whoever the request's claims name is who the policies take the caller for, until the transaction ends.
set role postgres;
create function public.messages_of(member uuid) returns setof public.messages language plpgsql as $$
begin
  perform pg_catalog.set_config('request.jwt.claims', pg_catalog.json_build_object('sub', member)::text, true);
  return query select * from public.messages;
end $$;
create function public.write_as(member uuid, conversation uuid, words text) returns void language plpgsql as $$
begin
  perform set_config('request.jwt.claim.sub', member::text, true);
  insert into public.messages (conversation_id, sender_id, recipient_id, content) values (conversation, member, member, words);
end $$;
grant execute on function public.messages_of(uuid), public.write_as(uuid, uuid, text) to authenticated;
