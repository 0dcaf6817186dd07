-- Messaging, second generation: a conversation is between the two people of a request, who are its columns, and begins
-- with an offer that the other accepts. The first generation stays for what was written there.

create table public.conversations_v2 (
    id uuid primary key default gen_random_uuid(),
    help_request_id uuid not null references public.help_requests (id) on delete cascade,
    requester_id uuid not null references auth.users (id) on delete cascade,
    helper_id uuid not null references auth.users (id) on delete cascade,
    initial_message text not null check (length(initial_message) between 10 and 1000),
    status text not null default 'pending' check (status in ('pending', 'accepted', 'rejected', 'expired')),
    accepted_at timestamptz,
    rejected_at timestamptz,
    rejection_reason text,
    expires_at timestamptz not null default now() + interval '7 days',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (help_request_id, helper_id),
    check (requester_id <> helper_id),
    check ((status = 'accepted') = (accepted_at is not null)),
    check ((status = 'rejected') = (rejected_at is not null))
);
create index conversations_v2_requester on public.conversations_v2 (requester_id, status);
create index conversations_v2_helper on public.conversations_v2 (helper_id, status);

create table public.messages_v2 (
    id uuid primary key default gen_random_uuid(),
    conversation_id uuid not null references public.conversations_v2 (id) on delete cascade,
    sender_id uuid not null references auth.users (id) on delete cascade,
    content text not null check (length(content) between 1 and 1000),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index messages_v2_conversation on public.messages_v2 (conversation_id, created_at);
create index messages_v2_sender on public.messages_v2 (sender_id);

create function public.touch_conversation_v2() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    update public.conversations_v2 c set updated_at = now() where c.id = new.conversation_id;
    return null;
end
$$;
create trigger on_message_v2_sent after insert on public.messages_v2
for each row execute function public.touch_conversation_v2();

alter table public.conversations_v2 enable row level security;
alter table public.messages_v2 enable row level security;

create policy conversations_v2_select on public.conversations_v2 for select to authenticated
using ((select public.is_current_user_approved()) and (select auth.uid()) in (requester_id, helper_id));
create policy messages_v2_select on public.messages_v2 for select to authenticated
using ((select public.is_current_user_approved()) and exists (
    select 1 from public.conversations_v2 c
    where c.id = messages_v2.conversation_id and (select auth.uid()) in (c.requester_id, c.helper_id)));
create policy messages_v2_insert on public.messages_v2 for insert to authenticated
with check (sender_id = (select auth.uid()) and (select public.is_current_user_approved()) and exists (
    select 1 from public.conversations_v2 c
    where c.id = messages_v2.conversation_id and c.status = 'accepted' and (select auth.uid()) in (c.requester_id, c.helper_id)));

grant select on public.conversations_v2, public.messages_v2 to authenticated;
grant insert (conversation_id, sender_id, content) on public.messages_v2 to authenticated;

create function public.create_conversation_atomic(p_help_request_id uuid, p_initial_message text) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    made uuid;
begin
    if not public.is_current_user_approved() then
        return jsonb_build_object('success', false, 'error', 'not approved');
    end if;
    insert into public.conversations_v2 (help_request_id, requester_id, helper_id, initial_message)
    select r.id, r.user_id, auth.uid(), p_initial_message
    from public.help_requests r
    where r.id = p_help_request_id and r.status = 'open' and r.user_id <> auth.uid()
    on conflict (help_request_id, helper_id) do nothing
    returning id into made;
    return jsonb_build_object('success', made is not null, 'conversation_id', made);
end
$$;

create function public.accept_conversation(p_conversation_id uuid) returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
    if not public.is_current_user_approved() then
        return jsonb_build_object('success', false, 'error', 'not approved');
    end if;
    update public.conversations_v2 c
    set status = 'accepted', accepted_at = now(), updated_at = now()
    where c.id = p_conversation_id and c.requester_id = auth.uid() and c.status = 'pending';
    return jsonb_build_object('success', found);
end
$$;

create function public.send_message_v2(p_conversation_id uuid, p_content text) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    made uuid;
begin
    if not public.is_current_user_approved() then
        return jsonb_build_object('success', false, 'error', 'not approved');
    end if;
    insert into public.messages_v2 (conversation_id, sender_id, content)
    select c.id, auth.uid(), p_content
    from public.conversations_v2 c
    where c.id = p_conversation_id and c.status = 'accepted' and auth.uid() in (c.requester_id, c.helper_id)
    returning id into made;
    return jsonb_build_object('success', made is not null, 'message_id', made);
end
$$;
grant execute on function public.create_conversation_atomic(uuid, text), public.accept_conversation(uuid),
    public.send_message_v2(uuid, text) to authenticated;
