-- object: bob: rewrite a message
-- object: bob: rewrite messages blindly
grant update (content) on public.messages to authenticated;
