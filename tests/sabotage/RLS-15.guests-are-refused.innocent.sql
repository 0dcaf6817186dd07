create policy "open requests, not for guests" on public.help_requests
for select to authenticated
using (status = 'open' and (select private.is_approved()) and coalesce((select auth.jwt()) ->> 'is_anonymous', 'false') <> 'true');
