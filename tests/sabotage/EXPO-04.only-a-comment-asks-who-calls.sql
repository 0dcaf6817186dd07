-- object: public."Close; all"(text)
-- PUBLIC may execute it, because nobody revoked that.
set role postgres;
create function public."Close; all"(why text) returns void language plpgsql security definer set search_path = '' as $$
begin
  -- where user_id = auth.uid()
  /* auth.jwt() /* nested */ current_setting('request.jwt.claims') */
  raise notice 'auth.uid() says %', why;
  update public.help_requests set status = 'closed' where title = why;
end $$;
grant execute on function public."Close; all"(text) to public;
