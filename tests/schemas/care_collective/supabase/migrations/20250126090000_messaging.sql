-- Messaging, first generation: conversations, who takes part, and what they write; moderation and restrictions.

create type public.message_status as enum ('sent', 'delivered', 'read', 'failed');

create table public.conversations (
    id uuid primary key default gen_random_uuid(),
    help_request_id uuid references public.help_requests (id) on delete cascade,
    created_by uuid not null references public.profiles (id) on delete cascade,
    title text,
    status text not null default 'active' check (status in ('active', 'closed', 'blocked')),
    last_message_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index conversations_request on public.conversations (help_request_id);
create index conversations_created_by on public.conversations (created_by);

create table public.conversation_participants (
    conversation_id uuid not null references public.conversations (id) on delete cascade,
    user_id uuid not null references public.profiles (id) on delete cascade,
    role text not null default 'member' check (role in ('member', 'moderator')),
    joined_at timestamptz not null default now(),
    left_at timestamptz,
    primary key (conversation_id, user_id),
    check (left_at >= joined_at)
);
create index conversation_participants_user on public.conversation_participants (user_id);

create table public.messages (
    id uuid primary key default gen_random_uuid(),
    conversation_id uuid not null references public.conversations (id) on delete cascade,
    sender_id uuid not null references public.profiles (id) on delete cascade,
    recipient_id uuid not null references public.profiles (id) on delete cascade,
    help_request_id uuid references public.help_requests (id) on delete set null,
    content text not null check (length(content) between 1 and 2000),
    message_type text not null default 'text' check (message_type in ('text', 'system', 'help_request_update')),
    status public.message_status not null default 'sent',
    is_flagged boolean not null default false,
    flagged_reason text,
    moderation_status text not null default 'approved' check (moderation_status in ('pending', 'approved', 'hidden', 'removed')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    read_at timestamptz,
    deleted_at timestamptz,
    check (sender_id <> recipient_id),
    check (read_at >= created_at)
);
create index idx_messages_conversation_created on public.messages (conversation_id, created_at);
create index messages_sender on public.messages (sender_id);
create index messages_recipient on public.messages (recipient_id, status);
create index messages_request on public.messages (help_request_id);

create table public.user_restrictions (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.profiles (id) on delete cascade,
    restriction_level text not null check (restriction_level in ('limited', 'suspended', 'banned')),
    reason text not null,
    can_send_messages boolean not null default false,
    can_start_conversations boolean not null default false,
    message_limit_per_day integer not null default 50 check (message_limit_per_day between 0 and 500),
    applied_by uuid references public.profiles (id) on delete set null,
    applied_at timestamptz not null default now(),
    expires_at timestamptz not null default now() + interval '7 days'
);
create index user_restrictions_user on public.user_restrictions (user_id, expires_at);
create index user_restrictions_applied_by on public.user_restrictions (applied_by);

create table public.message_reports (
    id uuid primary key default gen_random_uuid(),
    message_id uuid not null references public.messages (id) on delete cascade,
    reported_by uuid not null references public.profiles (id) on delete cascade,
    reason text not null check (reason in ('harassment', 'spam', 'scam', 'personal_info', 'other')),
    description text check (length(description) <= 500),
    status text not null default 'pending' check (status in ('pending', 'reviewed', 'dismissed', 'action_taken')),
    reviewed_by uuid references public.profiles (id) on delete set null,
    reviewed_at timestamptz,
    created_at timestamptz not null default now(),
    unique (message_id, reported_by)
);
create index message_reports_by on public.message_reports (reported_by);
create index message_reports_reviewed_by on public.message_reports (reviewed_by);

create function public.is_current_user_in(conversation_uuid uuid) returns boolean
language sql stable security definer set search_path = ''
as $$
    select public.is_current_user_approved() and exists (
        select 1 from public.conversation_participants p
        where p.conversation_id = conversation_uuid and p.user_id = auth.uid() and p.left_at is null
    )
$$;

create function public.could_current_user_read(conversation_uuid uuid, written timestamptz) returns boolean
language sql stable security definer set search_path = ''
as $$
    select public.is_current_user_approved() and exists (
        select 1 from public.conversation_participants p
        where p.conversation_id = conversation_uuid and p.user_id = auth.uid()
            and (p.left_at is null or written < p.left_at)
    )
$$;

-- Whether the caller may write to somebody in a conversation of both.
create function public.can_current_user_write(conversation_uuid uuid, recipient_uuid uuid) returns boolean
language sql stable security definer set search_path = ''
as $$
    select public.is_current_user_in(conversation_uuid)
        and exists (
            select 1 from public.conversation_participants p
            where p.conversation_id = conversation_uuid and p.user_id = recipient_uuid)
        and not exists (
            select 1 from public.user_restrictions r
            where r.user_id = auth.uid() and r.expires_at > now() and not r.can_send_messages)
$$;
grant execute on function public.is_current_user_in(uuid), public.could_current_user_read(uuid, timestamptz),
    public.can_current_user_write(uuid, uuid) to authenticated;

-- Whoever begins a conversation takes part in it.
create function public.add_creator_to_conversation() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    insert into public.conversation_participants (conversation_id, user_id, role) values (new.id, new.created_by, 'member');
    return null;
end
$$;
create trigger on_conversation_created after insert on public.conversations
for each row execute function public.add_creator_to_conversation();

create function public.update_conversation_timestamp() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    update public.conversations c
    set last_message_at = greatest(c.last_message_at, new.created_at), updated_at = now()
    where c.id = new.conversation_id;
    return null;
end
$$;
create trigger on_message_sent after insert on public.messages
for each row execute function public.update_conversation_timestamp();

create function public.remember_newest_message() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    update public.conversations c
    set last_message_at = (select max(m.created_at) from public.messages m where m.conversation_id = c.id)
    where c.id = old.conversation_id;
    return null;
end
$$;
create trigger on_message_removed after delete on public.messages
for each row execute function public.remember_newest_message();

-- Nobody is left alone in a conversation.
create function public.close_empty_conversation() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    delete from public.conversations c
    where c.id = old.conversation_id
        and (select count(*) from public.conversation_participants p where p.conversation_id = c.id) < 2;
    return null;
end
$$;
create trigger on_participant_removed after delete on public.conversation_participants
for each row execute function public.close_empty_conversation();

create function public.prepare_message() returns trigger
language plpgsql set search_path = ''
as $$
begin
    new.updated_at := now();
    if tg_op = 'UPDATE' and current_user = 'authenticated' then
        new.read_at := case when new.status = 'read' then now() end;
    end if;
    return new;
end
$$;
create trigger messages_prepared before insert or update on public.messages
for each row execute function public.prepare_message();

alter table public.conversations enable row level security;
alter table public.conversation_participants enable row level security;
alter table public.messages enable row level security;
alter table public.user_restrictions enable row level security;
alter table public.message_reports enable row level security;

create policy conversations_select on public.conversations for select to authenticated
using ((select auth.uid()) is not null and public.is_current_user_in(id));
create policy participants_select on public.conversation_participants for select to authenticated
using ((select auth.uid()) is not null and public.is_current_user_in(conversation_id));
create policy messages_select on public.messages for select to authenticated
using ((select auth.uid()) is not null and public.could_current_user_read(conversation_id, created_at));
create policy messages_insert on public.messages for insert to authenticated
with check (sender_id = (select auth.uid()) and public.can_current_user_write(conversation_id, recipient_id));
create policy messages_mark on public.messages for update to authenticated
using (recipient_id = (select auth.uid()) and status <> 'read' and public.is_current_user_in(conversation_id))
with check (recipient_id = (select auth.uid()) and status in ('delivered', 'read') and public.is_current_user_in(conversation_id));

grant select on public.conversations, public.conversation_participants to authenticated;
grant select (id, conversation_id, sender_id, recipient_id, help_request_id, content, message_type, status, created_at, read_at)
on public.messages to authenticated;
grant insert (conversation_id, sender_id, recipient_id, content) on public.messages to authenticated;
grant update (status, read_at) on public.messages to authenticated;

create policy restrictions_select on public.user_restrictions for select to authenticated
using (user_id = (select auth.uid()) or (select public.is_current_user_admin()));
grant select (id, user_id, restriction_level, can_send_messages, can_start_conversations, message_limit_per_day, applied_at, expires_at)
on public.user_restrictions to authenticated;

create policy reports_select on public.message_reports for select to authenticated
using (reported_by = (select auth.uid()) or (select public.is_current_user_admin()));
grant select (id, message_id, reported_by, reason, description, status, created_at) on public.message_reports to authenticated;

create function public.report_message(message_uuid uuid, why text, more text default null) returns uuid
language plpgsql security definer set search_path = ''
as $$
declare
    made uuid;
begin
    if not exists (
        select 1 from public.messages m
        where m.id = message_uuid and public.could_current_user_read(m.conversation_id, m.created_at)
    ) then
        raise exception 'there is no such message' using errcode = '42501';
    end if;
    insert into public.message_reports (message_id, reported_by, reason, description)
    values (message_uuid, auth.uid(), why, more)
    on conflict (message_id, reported_by) do update set description = excluded.description
    returning id into made;
    return made;
end
$$;
grant execute on function public.report_message(uuid, text, text) to authenticated;

create function public.start_help_conversation(help_request_uuid uuid, recipient_uuid uuid, initial_message text) returns uuid
language plpgsql security definer set search_path = ''
as $$
declare
    made uuid;
begin
    if not public.is_current_user_approved() or not exists (
        select 1 from public.help_requests r
        where r.id = help_request_uuid
            and ((r.user_id = auth.uid() and r.helper_id = recipient_uuid) or (r.helper_id = auth.uid() and r.user_id = recipient_uuid))
    ) then
        raise exception 'a conversation is between the owner and the helper of a request' using errcode = '42501';
    end if;
    select c.id into made from public.conversations c
    where c.help_request_id = help_request_uuid and c.status = 'active'
        and exists (select 1 from public.conversation_participants p where p.conversation_id = c.id and p.user_id = auth.uid() and p.left_at is null)
        and exists (select 1 from public.conversation_participants p where p.conversation_id = c.id and p.user_id = recipient_uuid and p.left_at is null)
    limit 1;
    if made is null then
        insert into public.conversations (help_request_id, created_by) values (help_request_uuid, auth.uid()) returning id into made;
        insert into public.conversation_participants (conversation_id, user_id, role) values (made, recipient_uuid, 'member');
    end if;
    insert into public.messages (conversation_id, sender_id, recipient_id, content)
    values (made, auth.uid(), recipient_uuid, initial_message);
    return made;
end
$$;
grant execute on function public.start_help_conversation(uuid, uuid, text) to authenticated;

create function public.leave_conversation(conversation_uuid uuid) returns void
language sql security definer set search_path = ''
as $$
    update public.conversation_participants p set left_at = now()
    where p.conversation_id = conversation_uuid and p.user_id = auth.uid() and p.left_at is null
$$;
grant execute on function public.leave_conversation(uuid) to authenticated;

create function public.apply_user_restriction(target_user_id uuid, new_restriction_level text, new_reason text) returns uuid
language plpgsql security definer set search_path = ''
as $$
declare
    made uuid;
begin
    if not public.is_current_user_admin() or target_user_id = auth.uid() then
        raise exception 'only an admin restricts another member' using errcode = '42501';
    end if;
    insert into public.user_restrictions (user_id, restriction_level, reason, applied_by)
    values (target_user_id, new_restriction_level, new_reason, auth.uid())
    returning id into made;
    insert into public.audit_logs (user_id, action, entity_type, entity_id)
    values (auth.uid(), 'restricted', 'user_restriction', made);
    return made;
end
$$;
grant execute on function public.apply_user_restriction(uuid, text, text) to authenticated;

-- The inbox, with the caller's own rights.
create view public.user_conversations with (security_invoker = true) as
select
    c.id, c.help_request_id, c.title, c.status, c.last_message_at,
    (select count(*) from public.messages m where m.conversation_id = c.id and m.status <> 'read' and m.recipient_id = auth.uid()) as unread_count
from public.conversations c;
grant select on public.user_conversations to authenticated;

alter publication supabase_realtime add table public.messages;
