-- Private diaries and the teams that write them; functions are given a document or a row instead of ids.
create table public.teams (id uuid primary key default gen_random_uuid(), name text not null);
create table public.team_members (
    team_id uuid not null references public.teams (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    role text not null default 'member' check (role in ('member', 'admin')),
    primary key (team_id, user_id)
);
create table public.diaries (
    id uuid primary key default gen_random_uuid(),
    owner uuid not null references auth.users (id) on delete cascade,
    entry text not null
);
create table public.plans (
    id uuid primary key default gen_random_uuid(),
    team_id uuid not null references public.teams (id) on delete cascade,
    text text not null
);
create index on public.team_members (user_id);
create index on public.diaries (owner);
create index on public.plans (team_id);
alter table public.teams enable row level security;
alter table public.team_members enable row level security;
alter table public.diaries enable row level security;
alter table public.plans enable row level security;
create function public.is_in(team uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.team_members m where m.team_id = team and m.user_id = (select auth.uid()))
$$;
create policy mine on public.team_members for select to authenticated using (user_id = (select auth.uid()));
create policy ours on public.teams for select to authenticated using ((select public.is_in(id)));
create policy own on public.diaries for select to authenticated using (owner = (select auth.uid()));
create policy ours on public.plans for select to authenticated using ((select public.is_in(team_id)));
create type public.diary_ref as (id uuid, language text);

create function public.read_diary(request json) returns text language sql stable security definer set search_path = '' as $$
    select d.entry from public.diaries d where d.id = (request ->> 'id')::uuid and d.owner = (select auth.uid())
$$;
create function public.read_diary_of(request public.diary_ref) returns text language sql stable security definer set search_path = '' as $$
    select d.entry from public.diaries d where d.id = (request).id and d.owner = (select auth.uid())
$$;
create function public.read_plan(request jsonb) returns text language sql stable security definer set search_path = '' as $$
    select p.text from public.plans p where p.id = (request -> 'plan' ->> 'id')::uuid and public.is_in(p.team_id)
$$;
create function public.rewrite_diary(request jsonb) returns void language sql security definer set search_path = '' as $$
    update public.diaries d set entry = request ->> 'entry' where d.id = (request ->> 'id')::uuid and d.owner = (select auth.uid())
$$;
create function public.drop_plan(request jsonb) returns void language sql security definer set search_path = '' as $$
    delete from public.plans p using jsonb_to_record(request) as r(id uuid, why text) where p.id = r.id and public.is_in(p.team_id)
$$;
create function public.tell_of(diary uuid) returns void language plpgsql stable security definer set search_path = '' as $$
begin
    raise exception 'nothing is to be changed of: %', (
        select d.entry from public.diaries d where d.id = diary and d.owner = (select auth.uid()));
end $$;
create function public.read_some(request jsonb) returns setof text language sql stable security definer set search_path = '' as $$
    select d.entry from jsonb_array_elements(request -> 'diaries') e join public.diaries d on d.id = (e ->> 'id')::uuid
    where (select auth.uid()) is not null and d.owner = (select auth.uid())
$$;
create function public.read_listed(ids jsonb) returns setof text language sql stable security definer set search_path = '' as $$
    select d.entry from jsonb_array_elements_text(ids) e join public.diaries d on d.id = e::uuid
    where (select auth.uid()) is not null and d.owner = (select auth.uid())
$$;
create function public.read_joined(ids text) returns setof text language sql stable security definer set search_path = '' as $$
    select d.entry from public.diaries d
    where (select auth.uid()) is not null and d.id::text = any (string_to_array(ids, ',')) and d.owner = (select auth.uid())
$$;
create function public.keep_diary(diary jsonb) returns void language sql security definer set search_path = '' as $$
    insert into public.diaries (owner, entry)
    select r.owner, r.entry from jsonb_populate_record(null::public.diaries, diary) r
    where (select auth.uid()) is not null and r.owner = (select auth.uid())
$$;
create function public.rewrite_some(request jsonb) returns void language plpgsql security definer set search_path = '' as $$
declare
    one jsonb;
begin
    if auth.uid() is null then raise exception 'sign in'; end if;
    for one in select * from jsonb_array_elements(request) loop
        update public.diaries set entry = one ->> 'entry' where id = (one ->> 'id')::uuid and owner = (select auth.uid());
    end loop;
end $$;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
