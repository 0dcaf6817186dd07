-- Societies with wardens, three ways of saying that somebody is one no more.
create table public.societies (id uuid primary key default gen_random_uuid(), motto text not null);
create table public.sailors (
    society uuid not null references public.societies on delete cascade, person uuid not null references auth.users on delete cascade,
    role text not null default 'member' check (role in ('member', 'warden')), left_at timestamptz, primary key (society, person)
);
create table public.anglers (
    society uuid not null references public.societies on delete cascade, person uuid not null references auth.users on delete cascade,
    role text not null default 'member' check (role in ('member', 'warden')),
    standing text not null default 'invited' check (standing in ('invited', 'active', 'expelled')), primary key (society, person)
);
create table public.divers (
    society uuid not null references public.societies on delete cascade, person uuid not null references auth.users on delete cascade,
    role text not null default 'member' check (role in ('member', 'warden')),
    is_revoked boolean not null default false, revoked_at timestamptz, primary key (society, person)
);
create index on public.sailors (person);
create index on public.anglers (person);
create index on public.divers (person);
create function public.sails(which uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.sailors s
                   where s.society = which and s.person = (select auth.uid()) and s.left_at is null and s.role = 'warden')
$$;
create function public.angles(which uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.anglers a
                   where a.society = which and a.person = (select auth.uid()) and a.standing = 'active' and a.role = 'warden')
$$;
create function public.dives(which uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.divers d
                   where d.society = which and d.person = (select auth.uid()) and not d.is_revoked and d.revoked_at is null
                   and d.role = 'warden')
$$;
create table public.boats (id uuid primary key default gen_random_uuid(), society uuid not null references public.societies on delete cascade, name text not null);
create table public.jetties (id uuid primary key default gen_random_uuid(), society uuid not null references public.societies on delete cascade, name text not null);
create table public.lockers (id uuid primary key default gen_random_uuid(), society uuid not null references public.societies on delete cascade, name text not null);
create index on public.boats (society);
create index on public.jetties (society);
create index on public.lockers (society);
alter table public.societies enable row level security;
alter table public.sailors enable row level security;
alter table public.anglers enable row level security;
alter table public.divers enable row level security;
alter table public.boats enable row level security;
alter table public.jetties enable row level security;
alter table public.lockers enable row level security;
create policy own on public.sailors for select to authenticated using (person = (select auth.uid()));
create policy own on public.anglers for select to authenticated using (person = (select auth.uid()));
create policy own on public.divers for select to authenticated using (person = (select auth.uid()));
create policy ours on public.boats for select to authenticated using (public.sails(society));
create policy ours on public.jetties for select to authenticated using (public.angles(society));
create policy ours on public.lockers for select to authenticated using (public.dives(society));
create function public.take_boat(p_boat uuid, p_society uuid) returns void language plpgsql security definer set search_path = '' as $$
begin
    if not public.sails(p_society) then
        raise exception 'for wardens' using errcode = '42501';
    end if;
    update public.boats set society = p_society where id = p_boat;
end $$;
create function public.take_jetty(p_jetty uuid, p_society uuid) returns void language plpgsql security definer set search_path = '' as $$
begin
    if not public.angles(p_society) then
        raise exception 'for wardens' using errcode = '42501';
    end if;
    update public.jetties set society = p_society where id = p_jetty;
end $$;
create function public.take_locker(p_locker uuid, p_society uuid) returns void language plpgsql security definer set search_path = '' as $$
begin
    if not public.dives(p_society) then
        raise exception 'for wardens' using errcode = '42501';
    end if;
    update public.lockers set society = p_society where id = p_locker;
end $$;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
