-- Societies with wardens, three ways of saying that somebody is one no more.
create table public.profiles (id uuid primary key references auth.users on delete cascade, name text not null, locale text, notify boolean not null default true, keeps_books boolean not null default false);
create table public.societies (id uuid primary key default gen_random_uuid(), name text not null);
create table public.sailors (society uuid not null references public.societies on delete cascade, person uuid not null references public.profiles on delete cascade, role text not null default 'member' check (role in ('member','warden')), left_at timestamptz, primary key (society, person));
create table public.boats (id uuid primary key default gen_random_uuid(), society uuid not null references public.societies, mark text not null);
create table public.jetties (id uuid primary key default gen_random_uuid(), society uuid not null references public.societies, mark text not null);
create table public.loans (id uuid primary key default gen_random_uuid(), society uuid not null references public.societies, amount numeric not null);
create function public.belongs(c uuid) returns boolean language sql stable security definer set search_path = '' as $$ select exists (select 1 from public.sailors m where m.society = c and m.person = (select auth.uid()) and m.left_at is null) $$;
create function public.sails(c uuid) returns boolean language sql stable security definer set search_path = '' as $$ select exists (select 1 from public.sailors m where m.society = c and m.person = (select auth.uid()) and m.left_at is null and m.role = 'warden') $$;
do $$ declare t text; begin for t in select tablename from pg_tables where schemaname = 'public' loop execute format('alter table public.%I enable row level security', t); execute format('revoke all on public.%I from anon', t); end loop; end $$;
create policy r on public.profiles for select to authenticated using (id = (select auth.uid()));
create policy u on public.profiles for update to authenticated using (id = (select auth.uid())) with check (id = (select auth.uid()));
revoke update on public.profiles from authenticated; grant update (name, locale, notify) on public.profiles to authenticated;
create policy r on public.societies for select to authenticated using (public.belongs(id));
create policy r on public.sailors for select to authenticated using (public.belongs(society));
create policy r on public.boats for select to authenticated using (public.belongs(society));
create policy r on public.jetties for select to authenticated using (public.belongs(society));
create policy r on public.loans for select to authenticated using (exists (select 1 from public.sailors m where m.society = loans.society and m.person = (select auth.uid()) and m.left_at is null));
create function public.take_boat(p_boat uuid, p_society uuid) returns void language plpgsql security definer set search_path = '' as $$ begin if not public.sails(p_society) then raise exception 'no' using errcode = '42501'; end if; update public.boats set society = p_society where id = p_boat and public.sails(society); end $$;
create function public.rename_jetty(p_jetty uuid, p_society uuid, p_mark text) returns void language plpgsql security definer set search_path = '' as $$ begin if not public.sails(p_society) then raise exception 'no' using errcode = '42501'; end if; update public.jetties set mark = p_mark where id = p_jetty and society = p_society; end $$;
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
create index on public.anglers (person);
create index on public.divers (person);
create index on public.sailors (person);
create index on public.boats (society);
create index on public.jetties (society);
create index on public.loans (society);
create function public.angles(which uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.anglers a
                   where a.society = which and a.person = (select auth.uid()) and a.standing = 'active' and a.role = 'warden')
$$;
create function public.dives(which uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.divers d
                   where d.society = which and d.person = (select auth.uid()) and not d.is_revoked and d.revoked_at is null
                   and d.role = 'warden')
$$;
create table public.piers (id uuid primary key default gen_random_uuid(), society uuid not null references public.societies on delete cascade, name text not null);
create index on public.piers (society);
alter table public.piers enable row level security;
create policy ours on public.piers for select to authenticated using (public.angles(society));
create table public.lockers (id uuid primary key default gen_random_uuid(), society uuid not null references public.societies on delete cascade, name text not null);
create index on public.lockers (society);
alter table public.lockers enable row level security;
create policy ours on public.lockers for select to authenticated using (public.dives(society));
alter table public.anglers enable row level security;
alter table public.divers enable row level security;
create policy own on public.anglers for select to authenticated using (person = (select auth.uid()));
create policy own on public.divers for select to authenticated using (person = (select auth.uid()));
create function public.take_pier(p_pier uuid, p_society uuid) returns void language plpgsql security definer set search_path = '' as $$
begin
    if not public.angles(p_society) then
        raise exception 'for wardens' using errcode = '42501';
    end if;
    update public.piers set society = p_society where id = p_pier and public.angles(society);
end $$;
create function public.take_locker(p_locker uuid, p_society uuid) returns void language plpgsql security definer set search_path = '' as $$
begin
    if not public.dives(p_society) then
        raise exception 'for wardens' using errcode = '42501';
    end if;
    update public.lockers set society = p_society where id = p_locker and public.dives(society);
end $$;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
