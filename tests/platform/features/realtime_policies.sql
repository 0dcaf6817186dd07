alter table realtime.messages enable row level security;
create policy "members receive" on realtime.messages for select to authenticated
    using (realtime.topic() = 'room:' || (select auth.uid())::text and realtime.messages.extension in ('broadcast', 'presence'));
create policy "members send" on realtime.messages for insert to authenticated with check (extension = 'broadcast');
drop policy "members send" on realtime.messages;
