-- Contact details change hands with consent, and what happened is kept.

create table public.contact_exchanges (
    id uuid primary key default gen_random_uuid(),
    request_id uuid not null references public.help_requests (id) on delete cascade,
    helper_id uuid not null references public.profiles (id) on delete cascade,
    requester_id uuid not null references public.profiles (id) on delete cascade,
    exchange_type text not null check (exchange_type in ('display', 'message', 'call')),
    contact_shared jsonb,
    exchanged_at timestamptz not null default now(),
    confirmed_at timestamptz,
    unique (request_id, helper_id),
    check (helper_id <> requester_id),
    check (confirmed_at >= exchanged_at)
);
create index contact_exchanges_helper on public.contact_exchanges (helper_id, exchanged_at);
create index contact_exchanges_requester on public.contact_exchanges (requester_id);

-- What is kept of everything that admins and the database do. It names nothing that could go with somebody.
create table public.audit_logs (
    id uuid primary key default gen_random_uuid(),
    user_id uuid,
    action text not null check (action in ('offered', 'confirmed', 'removed', 'restricted', 'moderated')),
    entity_type text not null check (entity_type in ('contact_exchange', 'user_restriction', 'message')),
    entity_id uuid not null,
    metadata jsonb not null default '{}',
    created_at timestamptz not null default now()
);
create index audit_logs_entity on public.audit_logs (entity_id, entity_type);

create table public.contact_sharing_history (
    id uuid primary key default gen_random_uuid(),
    exchange_id uuid references public.contact_exchanges (id) on delete set null,
    user_id uuid not null references public.profiles (id) on delete cascade,
    shared_with_user_id uuid not null references public.profiles (id) on delete cascade,
    fields_shared text[] not null,
    sharing_purpose text not null check (sharing_purpose in ('help_request', 'emergency')),
    status text not null default 'active' check (status in ('active', 'revoked', 'expired')),
    shared_at timestamptz not null default now(),
    revoked_at timestamptz,
    check ((status = 'revoked') = (revoked_at is not null)),
    check (user_id <> shared_with_user_id)
);
create index contact_sharing_history_exchange on public.contact_sharing_history (exchange_id);
create index contact_sharing_history_user on public.contact_sharing_history (user_id);
create index contact_sharing_history_with on public.contact_sharing_history (shared_with_user_id);

create function public.check_exchange_parties() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    if tg_op = 'UPDATE' and (new.request_id, new.helper_id, new.requester_id) is distinct from (old.request_id, old.helper_id, old.requester_id) then
        raise exception 'the parties of an exchange do not change' using errcode = '42501';
    end if;
    if not exists (
        select 1 from public.help_requests r
        where r.id = new.request_id and r.user_id = new.requester_id and r.helper_id = new.helper_id
    ) then
        raise exception 'an exchange is between the owner and the helper of its request' using errcode = '23514';
    end if;
    return null;
end
$$;
create trigger contact_exchanges_parties after insert or update on public.contact_exchanges
for each row execute function public.check_exchange_parties();

create function public.log_contact_exchange() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    insert into public.audit_logs (user_id, action, entity_type, entity_id)
    values (
        auth.uid(),
        case tg_op when 'INSERT' then 'offered' when 'UPDATE' then 'confirmed' else 'removed' end,
        'contact_exchange',
        case when tg_op = 'DELETE' then old.id else new.id end
    );
    return null;
end
$$;
create trigger contact_exchanges_logged after insert or update or delete on public.contact_exchanges
for each row execute function public.log_contact_exchange();

-- Taking a helper makes the offer: nobody has to write it.
create function public.offer_exchange_on_match() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    delete from public.contact_exchanges e where e.request_id = new.id and e.helper_id is distinct from new.helper_id;
    if new.helper_id is not null then
        insert into public.contact_exchanges (request_id, helper_id, requester_id, exchange_type)
        values (new.id, new.helper_id, new.user_id, 'display');
    end if;
    return null;
end
$$;
create trigger on_help_request_matched after update of helper_id, status on public.help_requests
for each row when (old.helper_id is distinct from new.helper_id) execute function public.offer_exchange_on_match();

alter table public.contact_exchanges enable row level security;
alter table public.audit_logs enable row level security;
alter table public.contact_sharing_history enable row level security;

create policy exchanges_select on public.contact_exchanges for select to authenticated
using (
    ((select public.is_current_user_approved()) and (select auth.uid()) in (helper_id, requester_id))
    or (select public.is_current_user_admin())
);
create policy exchanges_confirm on public.contact_exchanges for update to authenticated
using (requester_id = (select auth.uid()) and confirmed_at is null and (select public.is_current_user_approved()))
with check (requester_id = (select auth.uid()) and confirmed_at is not null and (select public.is_current_user_approved()));
grant select (id, request_id, helper_id, requester_id, exchange_type, exchanged_at, confirmed_at)
on public.contact_exchanges to authenticated;
grant update (confirmed_at) on public.contact_exchanges to authenticated;

create function public.stamp_confirmation() returns trigger
language plpgsql set search_path = ''
as $$
begin
    if current_user = 'authenticated' then
        new.confirmed_at := now();
    end if;
    return new;
end
$$;
create trigger contact_exchanges_confirmed before update of confirmed_at on public.contact_exchanges
for each row execute function public.stamp_confirmation();

create policy audit_logs_select on public.audit_logs for select to authenticated
using ((select public.is_current_user_admin()));
grant select on public.audit_logs to authenticated;

create policy sharing_select on public.contact_sharing_history for select to authenticated
using ((select public.is_current_user_approved()) and (select auth.uid()) in (user_id, shared_with_user_id));
grant select on public.contact_sharing_history to authenticated;

create function public.get_contact_info_with_consent(request_id uuid, user_id uuid) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
    other uuid;
    answer jsonb;
begin
    if get_contact_info_with_consent.user_id is distinct from auth.uid() or not public.is_current_user_approved() then
        return jsonb_build_object('success', false, 'error', 'not allowed');
    end if;
    select case when e.helper_id = auth.uid() then e.requester_id else e.helper_id end into other
    from public.contact_exchanges e
    where e.request_id = get_contact_info_with_consent.request_id
        and e.confirmed_at is not null and auth.uid() in (e.helper_id, e.requester_id);
    if other is null then
        return jsonb_build_object('success', false, 'error', 'no consent');
    end if;
    select jsonb_build_object(
        'success', true,
        'name', p.name,
        'phone', case when (p.contact_preferences ->> 'show_phone')::boolean then p.phone end,
        'email', case when (p.contact_preferences ->> 'show_email')::boolean then u.email end
    ) into answer
    from public.profiles p join auth.users u on u.id = p.id where p.id = other;
    return answer;
end
$$;
grant execute on function public.get_contact_info_with_consent(uuid, uuid) to authenticated;
