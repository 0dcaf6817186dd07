create table public.choirs (id uuid primary key default gen_random_uuid(), name text not null);
create table public.singers (
    choir_id uuid not null references public.choirs on delete cascade,
    user_id uuid not null references auth.users on delete cascade, primary key (choir_id, user_id)
);
create index on public.singers (user_id);
create table public.rehearsals (
    id uuid primary key default gen_random_uuid(), choir_id uuid not null references public.choirs on delete cascade,
    plan text not null
);
create index on public.rehearsals (choir_id);
create table public.fees (
    id uuid primary key default gen_random_uuid(), choir_id uuid not null references public.choirs on delete cascade,
    remark text not null
);
create index on public.fees (choir_id);
create table public.recordings (
    id uuid primary key default gen_random_uuid(), choir_id uuid not null references public.choirs on delete cascade,
    transcript text not null
);
create index on public.recordings (choir_id);
create table public.scores (
    id uuid primary key default gen_random_uuid(), choir_id uuid not null references public.choirs on delete cascade,
    marks text not null
);
create index on public.scores (choir_id);
create table public.robes (
    id uuid primary key default gen_random_uuid(), choir_id uuid not null references public.choirs on delete cascade,
    remark text not null
);
create index on public.robes (choir_id);
alter table public.choirs enable row level security;
alter table public.singers enable row level security;
alter table public.rehearsals enable row level security;
alter table public.fees enable row level security;
alter table public.recordings enable row level security;
alter table public.scores enable row level security;
alter table public.robes enable row level security;
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
create policy own on public.singers for select to authenticated using (user_id = (select auth.uid()));
create function public.sings_in(choir uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.singers s where s.user_id = (select auth.uid()) and s.choir_id = sings_in.choir) -- choir
$$;
create function public.leads(p_choir uuid, p_user uuid) returns boolean language plpgsql stable security definer set search_path = '' as $$
begin
    return exists (select from public.singers s where s.user_id = p_user and s.choir_id = p_choir);
end $$;
create function public.may_hear(p_choir uuid) returns boolean language plpgsql stable security definer set search_path = '' as $$
begin
    if p_choir is null then
        return false;
    end if;
    return exists (select from public.singers s where s.user_id = (select auth.uid()) and p_choir = s.choir_id);
end $$;
create function public.may_print(p_choir uuid, p_what text) returns boolean language sql stable security definer set search_path = ''
begin atomic
    select exists (select from public.singers s where s.user_id = (select auth.uid()) and s.choir_id = p_choir);
end;
create function public.may_store(uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.singers s where s.user_id = (select auth.uid()) and s.choir_id = $1)
$$;
revoke execute on function public.sings_in(uuid) from public, anon;
grant execute on function public.sings_in(uuid) to authenticated;
revoke execute on function public.leads(uuid, uuid) from public, anon;
grant execute on function public.leads(uuid, uuid) to authenticated;
revoke execute on function public.may_hear(uuid) from public, anon;
grant execute on function public.may_hear(uuid) to authenticated;
revoke execute on function public.may_print(uuid, text) from public, anon;
grant execute on function public.may_print(uuid, text) to authenticated;
revoke execute on function public.may_store(uuid) from public, anon;
grant execute on function public.may_store(uuid) to authenticated;
create policy ours on public.choirs for select to authenticated using (exists (
    select from public.singers s where s.choir_id = choirs.id and s.user_id = (select auth.uid())));
create policy ours on public.rehearsals for select to authenticated using (public.sings_in(choir_id));
create policy ours on public.fees for select to authenticated using (public.leads(choir_id, (select auth.uid())));
create policy ours on public.recordings for select to authenticated using (public.may_hear(choir_id));
create policy ours on public.scores for select to authenticated using (public.may_print(choir_id, marks));
create policy ours on public.robes for select to authenticated using (public.may_store(choir_id));
