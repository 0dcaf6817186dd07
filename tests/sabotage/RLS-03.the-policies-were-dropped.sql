-- object: public.conversations
drop policy "participants read their conversations" on public.conversations;
