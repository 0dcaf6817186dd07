-- expect: MIG-05 line 2 *
drop policy "participants read messages up to the time they left" on public.messages;
