-- Members of the club, and what the rest of the schema stands on.
alter default privileges for role postgres in schema public revoke all on tables from anon, authenticated;
alter default privileges for role postgres in schema public revoke all on sequences from anon, authenticated;
alter default privileges for role postgres in schema public revoke execute on functions from public, anon, authenticated;
alter default privileges for role postgres revoke execute on functions from public;

create type public.member_level as enum ('guest', 'member', 'coach', 'board');

create table public.members (
    id uuid primary key references auth.users (id) on delete cascade,
    full_name text not null check (char_length(full_name) between 1 and 120),
    level public.member_level not null default 'guest',
    phone text,
    joined_on date not null default current_date,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create schema private;
revoke all on schema private from public;
grant usage on schema private to authenticated;

create function private.level_of_caller() returns public.member_level
    language sql stable security definer set search_path = '' as $$
    select m.level from public.members m where m.id = (select auth.uid())
$$;
grant execute on function private.level_of_caller() to authenticated;

create function public.handle_new_user() returns trigger
    language plpgsql security definer set search_path = '' as $$
begin
    insert into public.members (id, full_name)
    values (new.id, left(coalesce(nullif(trim(new.raw_user_meta_data ->> 'full_name'), ''), 'New member'), 120));
    return new;
end;
$$;
create trigger on_auth_user_created
    after insert on auth.users for each row execute function public.handle_new_user();

create function public.set_updated_at() returns trigger
    language plpgsql set search_path = '' as $$
begin
    new.updated_at := now();
    return new;
end;
$$;
create trigger members_set_updated_at before update on public.members
    for each row execute function public.set_updated_at();

alter table public.members enable row level security;
create policy "Members see themselves, coaches and the board see all" on public.members for select to authenticated
    using (id = (select auth.uid()) or (select private.level_of_caller()) in ('coach', 'board'));
create policy "Members edit themselves" on public.members for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
grant select on public.members to authenticated;
grant update (full_name, phone) on public.members to authenticated;
