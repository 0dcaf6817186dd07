-- object: alice: move last_message_at by sending
create or replace function private.note_new_messages() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    update public.conversations c set last_message_at = c.created_at
    where c.id in (select a.conversation_id from added a);
    return null;
end $$;
