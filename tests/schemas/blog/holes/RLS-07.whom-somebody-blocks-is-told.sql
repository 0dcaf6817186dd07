-- object: blocks_seen on public.blocks
-- Meant for the other side to know; it compares the wrong column with itself.
create policy blocks_seen on public.blocks for select to authenticated
    using (exists (select from public.subscribers s where s."ID" = (select auth.uid()) and blocked_id = blocks.blocked_id));
