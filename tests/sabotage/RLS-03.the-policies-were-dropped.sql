-- object: public.conversations
-- also: MSG-07
drop policy "participants read their conversations" on public.conversations;
