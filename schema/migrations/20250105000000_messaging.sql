-- Messaging: private conversations between the parties of a help request.

create table public.conversations (
    id uuid primary key default gen_random_uuid(),
    help_request_id uuid not null references public.help_requests (id) on delete cascade,
    created_by uuid references public.profiles (id) on delete set null,
    last_message_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index idx_conversations_help_request_id on public.conversations (help_request_id);
create index idx_conversations_created_by on public.conversations (created_by);

create table public.conversation_participants (
    conversation_id uuid not null references public.conversations (id) on delete cascade,
    user_id uuid not null references public.profiles (id) on delete cascade,
    joined_at timestamptz not null default now(),
    left_at timestamptz,

    primary key (conversation_id, user_id),
    constraint conversation_participants_left_after_joining check (left_at >= joined_at)
);
create index idx_conversation_participants_user_id on public.conversation_participants (user_id);

create table public.messages (
    id uuid primary key default gen_random_uuid(),
    conversation_id uuid not null references public.conversations (id) on delete cascade,
    sender_id uuid not null references public.profiles (id) on delete cascade,
    content text not null
        constraint messages_content_length check (char_length(btrim(content)) >= 1 and char_length(content) <= 4000),
    status text not null default 'sent'
        constraint messages_status_known check (status in ('sent', 'delivered', 'read')),
    created_at timestamptz not null default now(),
    read_at timestamptz,

    constraint messages_sender_takes_part foreign key (conversation_id, sender_id)
        references public.conversation_participants (conversation_id, user_id) on delete cascade,
    constraint messages_read_has_time check ((status = 'read') = (read_at is not null)),
    constraint messages_read_after_sending check (read_at >= created_at)
);
create index idx_messages_conversation_created on public.messages (conversation_id, created_at);
create index idx_messages_sender_id on public.messages (sender_id, conversation_id);

-- The conversations that the caller takes part in and has not left. With its owner's rights, because the policy of
-- conversation_participants asks it about conversation_participants.
create function private.my_conversations() returns setof uuid
language sql stable security definer set search_path = ''
begin atomic
    select p.conversation_id
    from public.conversation_participants p
    where p.user_id = auth.uid() and p.left_at is null and private.is_approved();
end;

-- Those that the caller has left.
create function private.my_past_conversations() returns setof uuid
language sql stable security definer set search_path = ''
begin atomic
    select p.conversation_id
    from public.conversation_participants p
    where p.user_id = auth.uid() and p.left_at is not null and private.is_approved();
end;
grant execute on function private.my_conversations(), private.my_past_conversations() to authenticated;

alter table public.conversations enable row level security;
alter table public.conversation_participants enable row level security;
alter table public.messages enable row level security;

-- Not for those who have left: last_message_at would tell them about newer messages.
create policy "participants read their conversations" on public.conversations
for select to authenticated
using (id in (select private.my_conversations()));

create policy "participants see each other" on public.conversation_participants
for select to authenticated
using (
    (user_id = (select auth.uid()) and (select private.is_approved()))
    or conversation_id in (select private.my_conversations())
);

-- As arrays, so that whoever reads all of their messages does so through the index instead of passing over everybody's.
create policy "participants read messages up to the time they left" on public.messages
for select to authenticated
using (
    conversation_id = any (array(select private.my_conversations()))
    or (
        conversation_id = any (array(select private.my_past_conversations()))
        and exists (
            select from public.conversation_participants p
            where p.conversation_id = messages.conversation_id
                and p.user_id = (select auth.uid())
                and messages.created_at < p.left_at
        )
    )
);

create policy "participants send in their own name" on public.messages
for insert to authenticated
with check (sender_id = (select auth.uid()) and conversation_id in (select private.my_conversations()));

create policy "recipients mark messages as delivered or read" on public.messages
for update to authenticated
using (
    sender_id <> (select auth.uid())
    and status <> 'read'
    and conversation_id = any (array(select private.my_conversations()))
)
with check (
    sender_id <> (select auth.uid())
    and status in ('delivered', 'read')
    and conversation_id in (select private.my_conversations())
);

grant select on public.conversations, public.conversation_participants, public.messages to authenticated;
grant insert (conversation_id, sender_id, content) on public.messages to authenticated;
grant update (status, read_at) on public.messages to authenticated;

create function private.stamp_read_at() returns trigger
language plpgsql set search_path = ''
as $$
begin
    -- The time that the browser sent does not count.
    if current_user = 'authenticated' then
        new.read_at := case when new.status = 'read' then now() end;
    end if;
    return new;
end
$$;

create trigger stamp_read_at before update on public.messages
for each row execute function private.stamp_read_at();

-- last_message_at is the time of the newest message, also after a sender's messages have gone with their account.
create function private.note_new_messages() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    update public.conversations c
    set last_message_at = greatest(c.last_message_at, n.newest), updated_at = now()
    from (select m.conversation_id, max(m.created_at) as newest from added m group by m.conversation_id) as n
    where c.id = n.conversation_id;
    return null;
end
$$;

create trigger note_new_messages after insert on public.messages
referencing new table as added
for each statement execute function private.note_new_messages();

create function private.note_removed_messages() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    update public.conversations c
    set
        last_message_at = (select max(m.created_at) from public.messages m where m.conversation_id = c.id),
        updated_at = now()
    where c.id in (select r.conversation_id from removed r);
    return null;
end
$$;

create trigger note_removed_messages after delete on public.messages
referencing old table as removed
for each statement execute function private.note_removed_messages();

-- Nobody talks alone: a conversation that is left with fewer than two participants goes with the last but one.
create function private.end_lonely_conversations() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    delete from public.conversations c
    where c.id in (select r.conversation_id from removed r)
        and (select count(*) from public.conversation_participants p where p.conversation_id = c.id) < 2;
    return null;
end
$$;

create trigger end_lonely_conversations after delete on public.conversation_participants
referencing old table as removed
for each statement execute function private.end_lonely_conversations();

create function public.start_conversation(request_id uuid, other_member uuid) returns uuid
language plpgsql security definer set search_path = ''
as $$
declare
    conversation uuid;
begin
    -- The lock makes the two parties, starting at the same moment, find one conversation.
    perform from public.help_requests r
    where r.id = start_conversation.request_id
        and private.is_approved()
        and ((r.user_id, r.helper_id) = (auth.uid(), other_member) or (r.user_id, r.helper_id) = (other_member, auth.uid()))
    for no key update;
    if not found then
        raise exception 'a conversation is between the owner and the helper of a request'
            using errcode = 'insufficient_privilege';
    end if;

    select c.id into conversation
    from public.conversations c
    join public.conversation_participants mine on mine.conversation_id = c.id
    join public.conversation_participants theirs on theirs.conversation_id = c.id
    where c.help_request_id = start_conversation.request_id
        and mine.user_id = auth.uid() and mine.left_at is null
        and theirs.user_id = other_member and theirs.left_at is null
    limit 1;
    if conversation is null then
        insert into public.conversations (help_request_id, created_by)
        values (start_conversation.request_id, auth.uid())
        returning id into conversation;
        insert into public.conversation_participants (conversation_id, user_id)
        values (conversation, auth.uid()), (conversation, other_member);
    end if;
    return conversation;
end
$$;
comment on function public.start_conversation(uuid, uuid) is
'The conversation of the caller with the other party of a help request; begins one if there is none.';

create function public.leave_conversation(conversation_id uuid) returns void
language plpgsql security definer set search_path = ''
as $$
begin
    update public.conversation_participants p
    set left_at = now()
    where p.conversation_id = leave_conversation.conversation_id and p.user_id = auth.uid() and p.left_at is null;
end
$$;
comment on function public.leave_conversation(uuid) is 'The caller leaves: they read nothing newer and write nothing more.';
grant execute on function public.start_conversation(uuid, uuid), public.leave_conversation(uuid) to authenticated;

-- Clients listen for new messages; realtime asks the policies above for every listener.
alter publication supabase_realtime add table public.messages;
