-- People and firms; nobody may write a rank directly, and functions write for them, with their owner's rights.
create type public.firm_role as enum ('viewer', 'editor', 'owner');
create table public.people (
    id uuid primary key references auth.users (id) on delete cascade,
    name text not null default '',
    about text,
    role text not null default 'member' check (role in ('member', 'moderator', 'admin')),
    settings jsonb not null default '{}'
);
create table public.firms (id uuid primary key default gen_random_uuid(), name text not null);
create table public.firm_members (
    firm_id uuid not null references public.firms (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    role public.firm_role not null default 'viewer',
    primary key (firm_id, user_id)
);
create table public.complaints (
    id uuid primary key default gen_random_uuid(),
    author uuid not null references public.people (id) on delete cascade,
    body text not null
);
create table public.trials (
    id uuid primary key default gen_random_uuid(),
    owner uuid references public.people (id) on delete cascade,
    notes text not null
);
create table public.invoices (
    id uuid primary key default gen_random_uuid(),
    firm_id uuid not null references public.firms (id) on delete cascade,
    note text not null
);
create index on public.firm_members (user_id);
create index on public.complaints (author);
create index on public.trials (owner);
create index on public.invoices (firm_id);
alter table public.people enable row level security;
alter table public.firms enable row level security;
alter table public.firm_members enable row level security;
alter table public.complaints enable row level security;
alter table public.trials enable row level security;
alter table public.invoices enable row level security;
create function public.welcome() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    insert into public.people (id, name) values (new.id, coalesce(new.raw_user_meta_data ->> 'name', ''));
    return new;
end $$;
create trigger welcome after insert on auth.users for each row execute function public.welcome();
create function public.is_admin() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.people where id = (select auth.uid()) and role = 'admin')
$$;
create function public.is_tester() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.people where id = (select auth.uid()) and settings ->> 'tier' = 'tester')
$$;
create function public.is_in(firm uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.firm_members m where m.firm_id = firm and m.user_id = (select auth.uid()))
$$;
create function public.owns(firm uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.firm_members m
                   where m.firm_id = firm and m.user_id = (select auth.uid()) and m.role = 'owner')
$$;
create policy own on public.people for select to authenticated using (id = (select auth.uid()));
create policy ours on public.firms for select to authenticated using (public.is_in(id));
create policy ours on public.firm_members for select to authenticated using (public.is_in(firm_id));
create policy own_or_all on public.complaints for select to authenticated using (
    author = (select auth.uid()) or (select public.is_admin()));
create policy own_or_all on public.trials for select to authenticated using (
    owner = (select auth.uid()) or (select public.is_tester()));
create policy leave on public.firm_members for delete to authenticated using (
    role <> 'owner' and (user_id = (select auth.uid()) or public.owns(firm_id)));
create policy owners on public.invoices for select to authenticated using (public.owns(firm_id));

create function public.set_field(field text, value text) returns void
language plpgsql security definer set search_path = '' as $$
begin
    execute format('update public.people set %I = %L where id = auth.uid()', field, value);
end $$;
create function public.update_me(patch jsonb) returns void language sql security definer set search_path = '' as $$
    update public.people set name = coalesce(patch ->> 'name', name), role = coalesce(patch ->> 'role', role)
    where id = (select auth.uid())
$$;
create function public.update_all(patch jsonb) returns void
language plpgsql security definer set search_path = '' as $$
declare k text; v text;
begin
    for k, v in select * from jsonb_each_text(patch) loop
        execute format('update public.people set %I = %L where id = auth.uid()', k, v);
    end loop;
end $$;
create function public.save_me(p public.people) returns void language sql security definer set search_path = '' as $$
    update public.people set name = p.name, role = p.role where id = (select auth.uid())
$$;
create function public.complete_onboarding(p_name text, p_role text) returns void
language sql security definer set search_path = '' as $$
    update public.people set name = p_name, role = p_role where id = (select auth.uid())
$$;
create function public.set_preference(k text, v jsonb) returns void language sql security definer set search_path = '' as $$
    update public.people set settings = jsonb_set(settings, array[k], v) where id = (select auth.uid())
$$;
create function public.set_preferences(prefs jsonb) returns void language sql security definer set search_path = '' as $$
    update public.people set settings = settings || prefs where id = (select auth.uid())
$$;
create function public.merge_me(patch jsonb) returns void
language plpgsql security definer set search_path = '' as $$
declare r public.people;
begin
    select * into r from public.people where id = (select auth.uid());
    r := jsonb_populate_record(r, patch);
    update public.people set name = r.name, role = r.role where id = (select auth.uid());
end $$;
create function public.set_member_role(p_firm uuid, p_user uuid, p_role public.firm_role) returns void
language plpgsql security definer set search_path = '' as $$
begin
    if not public.is_in(p_firm) then raise exception 'you are not of this firm'; end if;
    update public.firm_members set role = p_role where firm_id = p_firm and user_id = p_user;
end $$;
create function public.change_role(firm uuid, new_role text) returns void
language sql security definer set search_path = '' as $$
    update public.firm_members set role = new_role::public.firm_role
    where firm_id = firm and user_id = (select auth.uid())
$$;
create function public.join_firm(firm uuid, as_role public.firm_role default 'viewer') returns void
language sql security definer set search_path = '' as $$
    insert into public.firm_members (firm_id, user_id, role) values (firm, (select auth.uid()), as_role)
    on conflict (firm_id, user_id) do update set role = excluded.role
$$;
create function public.save_members(members jsonb) returns void language sql security definer set search_path = '' as $$
    update public.firm_members m set role = r.role
    from jsonb_to_recordset(members) as r (firm_id uuid, user_id uuid, role public.firm_role)
    where m.firm_id = r.firm_id and m.user_id = r.user_id and public.is_in(m.firm_id)
$$;
