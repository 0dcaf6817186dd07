-- object: bob: rewrite a message
-- object: bob: rewrite messages blindly
-- also: RLS-07
grant update (content) on public.messages to authenticated;
