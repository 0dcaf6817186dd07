-- object: public.conversations
-- also: MSG-07 RLS-08
drop policy "participants read their conversations" on public.conversations;
