-- For the server alone.
create table public.api_keys (
    id uuid primary key default gen_random_uuid(),
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    label varchar(12) not null,
    hash text not null unique check (hash ~ '^[0-9a-f]{64}$'),
    scopes text[] not null check (scopes <@ array['read', 'write', 'admin'] and cardinality(scopes) >= 1),
    allowed_from inet[],
    revoked_at timestamptz
);

create table public.webhooks (
    id uuid primary key default gen_random_uuid(),
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    url text not null check (url ~ '^https://'),
    secret text not null check (char_length(secret) >= 32),
    events text[] not null default '{order.placed}',
    last_error xml
);

create table public.maintenance_windows (
    id integer generated always as identity primary key,
    during tstzrange not null check (not isempty(during)),
    description text not null,
    exclude using gist (during with &&)
);

-- Rows are only ever added.
create table public.audit_log (
    id bigint generated always as identity primary key,
    at timestamptz not null default clock_timestamp(),
    actor_id uuid,
    table_name name not null,
    change jsonb not null,
    client inet
);

create function private.note_change() returns trigger
    language plpgsql security definer set search_path = '' as $$
begin
    insert into public.audit_log (actor_id, table_name, change)
    values (auth.uid(), tg_table_name, to_jsonb(coalesce(new, old)));
    return null;
end
$$;
create trigger note_change after insert or update or delete on public.memberships
    for each row execute function private.note_change();
create trigger note_change after insert or update or delete on public.payments
    for each row execute function private.note_change();

alter table public.api_keys enable row level security;
alter table public.webhooks enable row level security;
alter table public.maintenance_windows enable row level security;
alter table public.audit_log enable row level security;
grant select on public.maintenance_windows to anon, authenticated;
create policy maintenance_windows_read on public.maintenance_windows for select to anon, authenticated using (true);

create view public.my_tenants with (security_invoker) as
    select t.id, t.name, t.plan, m.role
    from public.tenants t join public.memberships m on m.tenant_id = t.id
    where m.user_id = (select auth.uid());
grant select on public.my_tenants to authenticated;

create function public.accept_invitation(invitation_token text) returns uuid
    language plpgsql security definer set search_path = '' as $$
declare
    found public.invitations;
begin
    select * into found from public.invitations i
    where i.token = invitation_token and i.accepted_at is null and i.expires_at > now()
        and lower(i.email) = lower(auth.email())
    for update;
    if found.id is null then
        raise exception 'There is no such invitation' using errcode = 'no_data_found';
    end if;
    insert into public.memberships (tenant_id, user_id, role) values (found.tenant_id, auth.uid(), found.role);
    update public.invitations set accepted_at = now(), accepted_by = auth.uid() where id = found.id;
    return found.tenant_id;
end
$$;
grant execute on function public.accept_invitation(text) to authenticated;
