-- Contact exchanges: the helper offers, the requester confirms, and only then does either see how to reach the other.

create table public.contact_exchanges (
    id uuid primary key default gen_random_uuid(),
    request_id uuid not null references public.help_requests (id) on delete cascade,
    helper_id uuid not null references public.profiles (id) on delete cascade,
    requester_id uuid not null references public.profiles (id) on delete cascade,
    exchanged_at timestamptz not null default now(),
    confirmed_at timestamptz,

    constraint contact_exchanges_one_per_match unique (request_id, helper_id),
    constraint contact_exchanges_parties_differ check (helper_id <> requester_id),
    constraint contact_exchanges_confirmed_after check (confirmed_at >= exchanged_at)
);
create index idx_contact_exchanges_helper_id on public.contact_exchanges (helper_id, exchanged_at);
create index idx_contact_exchanges_requester_id on public.contact_exchanges (requester_id);

alter table public.contact_exchanges enable row level security;

create policy "the two parties and admins read an exchange" on public.contact_exchanges
for select to authenticated
using (
    (
        (select private.is_approved())
        and (helper_id = (select auth.uid()) or requester_id = (select auth.uid()))
    )
    or (select private.is_admin())
);

create policy "helpers offer contact" on public.contact_exchanges
for insert to authenticated
with check (
    helper_id = (select auth.uid())
    and confirmed_at is null
    and (select private.is_approved())
    and exists (
        select from public.help_requests r
        where r.id = contact_exchanges.request_id
            and r.user_id = contact_exchanges.requester_id
            and r.helper_id = (select auth.uid())
    )
);

create policy "requesters confirm" on public.contact_exchanges
for update to authenticated
using (requester_id = (select auth.uid()) and confirmed_at is null and (select private.is_approved()))
with check (requester_id = (select auth.uid()) and confirmed_at is not null and (select private.is_approved()));

grant select on public.contact_exchanges to authenticated;
grant insert (request_id, helper_id, requester_id) on public.contact_exchanges to authenticated;
grant update (confirmed_at) on public.contact_exchanges to authenticated;

-- Whoever makes an exchange, its parties are the request's own owner and helper, which a foreign key cannot say while the
-- helper may change. After the insert, so that row level security is the first to refuse.
create function private.check_new_exchange() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    if not exists (
        select from public.help_requests r
        where r.id = new.request_id and r.user_id = new.requester_id and r.helper_id = new.helper_id
        for share
    ) then
        raise exception 'the parties of an exchange are the owner and the helper of its request'
            using errcode = 'check_violation';
    end if;

    -- Whoever collects contact details does it in bulk. The lock makes simultaneous offers of one member count each other.
    perform from public.profiles p where p.id = new.helper_id for no key update;
    if (
        select count(*) > 5 from public.contact_exchanges e
        where e.helper_id = new.helper_id
            and e.exchanged_at > new.exchanged_at - interval '1 hour'
            and e.exchanged_at <= new.exchanged_at
    ) then
        raise exception 'a member makes at most 5 exchanges within an hour' using errcode = 'check_violation';
    end if;
    return null;
end
$$;

create trigger check_new_exchange after insert on public.contact_exchanges
for each row execute function private.check_new_exchange();

create function private.keep_exchange() returns trigger
language plpgsql set search_path = ''
as $$
begin
    if (new.id, new.request_id, new.helper_id, new.requester_id)
        is distinct from (old.id, old.request_id, old.helper_id, old.requester_id)
    then
        raise exception 'the parties of an exchange do not change' using errcode = 'insufficient_privilege';
    end if;
    -- The time that the browser sent does not count.
    if current_user = 'authenticated' then
        new.confirmed_at := now();
    end if;
    return new;
end
$$;

create trigger keep_exchange before update on public.contact_exchanges
for each row execute function private.keep_exchange();

-- The audit trail outlives the exchange, the request and the members: it refers to them by id only, without foreign keys.
create table public.contact_exchange_audit (
    id bigint generated always as identity primary key,
    exchange_id uuid not null,
    request_id uuid not null,
    action text not null constraint contact_exchange_audit_action_known check (action in ('made', 'confirmed', 'removed')),
    actor uuid,
    happened_at timestamptz not null default now()
);
create index idx_contact_exchange_audit_exchange_id on public.contact_exchange_audit (exchange_id);

alter table public.contact_exchange_audit enable row level security;

create policy "admins read the trail" on public.contact_exchange_audit
for select to authenticated
using ((select private.is_admin()));

grant select on public.contact_exchange_audit to authenticated;

create function private.audit_exchange() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
    exchange public.contact_exchanges := case when tg_op = 'DELETE' then old else new end;
begin
    insert into public.contact_exchange_audit (exchange_id, request_id, action, actor)
    values (
        exchange.id,
        exchange.request_id,
        case tg_op when 'INSERT' then 'made' when 'UPDATE' then 'confirmed' else 'removed' end,
        auth.uid()
    );
    return null;
end
$$;

create trigger audit_exchange after insert or delete on public.contact_exchanges
for each row execute function private.audit_exchange();
create trigger audit_confirmation after update on public.contact_exchanges
for each row when (old.confirmed_at is distinct from new.confirmed_at) execute function private.audit_exchange();

-- Consent is given to one helper. When the owner takes another one, or none, it ends.
create function private.end_consent() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    delete from public.contact_exchanges e where e.request_id = new.id and e.helper_id is distinct from new.helper_id;
    return null;
end
$$;

create trigger end_consent after update of helper_id, status on public.help_requests
for each row when (old.helper_id is distinct from new.helper_id) execute function private.end_consent();

create function public.get_contact_info_with_consent(request_id uuid, user_id uuid)
returns table (member_id uuid, name text, phone text, email text)
language sql stable security definer set search_path = ''
begin atomic
    select
        p.id,
        p.name,
        case when (p.contact_preferences ->> 'show_phone')::boolean then p.phone end,
        case when (p.contact_preferences ->> 'show_email')::boolean then u.email::text end
    from public.contact_exchanges e
    join public.profiles p on p.id = case auth.uid() when e.helper_id then e.requester_id else e.helper_id end
    join auth.users u on u.id = p.id
    where e.request_id = get_contact_info_with_consent.request_id
        and e.confirmed_at is not null
        and get_contact_info_with_consent.user_id = auth.uid()
        and auth.uid() in (e.helper_id, e.requester_id)
        and private.is_approved();
end;
comment on function public.get_contact_info_with_consent(uuid, uuid) is
'How the caller (user_id, who must be the caller) reaches the other party of a confirmed exchange, as far as that party''s
contact preferences allow; no row for anybody else.';
grant execute on function public.get_contact_info_with_consent(uuid, uuid) to authenticated;
