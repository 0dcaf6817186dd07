-- Private diaries and the teams that write them; functions are told which table and which column they are to look at.
create table public.teams (id uuid primary key default gen_random_uuid(), name text not null);
create table public.team_members (
    team_id uuid not null references public.teams (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    primary key (team_id, user_id)
);
create table public.diaries (
    id uuid primary key default gen_random_uuid(),
    owner uuid not null references auth.users (id) on delete cascade,
    entry text not null,
    mood text
);
create table public.letters (
    id bigint generated always as identity primary key,
    owner uuid not null references auth.users (id) on delete cascade,
    body text not null
);
create index on public.team_members (user_id);
create index on public.diaries (owner);
create index on public.letters (owner);
alter table public.teams enable row level security;
alter table public.team_members enable row level security;
alter table public.diaries enable row level security;
alter table public.letters enable row level security;
create policy mine on public.team_members for select to authenticated using (user_id = (select auth.uid()));
create policy ours on public.teams for select to authenticated using (
    exists (select from public.team_members m where m.team_id = id));
create policy own on public.diaries for select to authenticated using (owner = (select auth.uid()));
create policy own on public.letters for select to authenticated using (owner = (select auth.uid()));

create function public.read_row(table_name text, row_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare answer jsonb;
begin
    execute format('select to_jsonb(t) from public.%I t where t.id = $1 and t.owner = $2', table_name) into answer using row_id, (select auth.uid());
    return answer;
end $$;
create function public.read_letter(kind text, number bigint) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare answer jsonb;
begin
    execute format($q$select to_jsonb(t) from public.%1$I as t where t.id = %2$L and t.owner = $1$q$, kind, number) into answer using (select auth.uid());
    return answer;
end $$;
create function public.change_row(tbl text, col text, val text, row_id uuid) returns void
language plpgsql security definer set search_path = '' as $$
begin
    execute format('update public.%I set %I = %L where id = %L and owner = $1', tbl, col, val, row_id) using (select auth.uid());
end $$;
create function public.read_field(field text, diary uuid) returns text
language plpgsql stable security definer set search_path = '' as $$
declare answer text;
begin
    execute 'select ' || quote_ident(field) || '::text from public.diaries where id = ' || quote_literal(diary)
        || ' and owner = $1' into answer using (select auth.uid());
    return answer;
end $$;
create function public.find_by(entity text, attribute text, value text) returns setof jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
    return query execute 'select to_jsonb(t) from public.' || quote_ident(entity) || ' t where t.'
        || quote_ident(attribute) || '::text = $1 and t.owner = $2' using value, (select auth.uid());
end $$;
create function public.export_rows(source text) returns setof jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
    if source not in ('diaries', 'letters') then raise exception 'there is no such list'; end if;
    return query execute format('select to_jsonb(t) from public.%s t where t.owner = $1 limit 20', source) using (select auth.uid());
end $$;
create function public.drop_row(rel text, key text) returns void
language plpgsql security definer set search_path = '' as $$
begin
    execute 'delete from public.' || rel || ' where id::text = ' || quote_literal(key) || ' and owner = $1' using (select auth.uid());
end $$;
-- With the caller's own rights, and in an order that the caller chooses.
create function public.look(table_name text, row_id uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
declare answer jsonb;
begin
    execute format('select to_jsonb(t) from public.%I t where t.id = $1', table_name) into answer using row_id;
    return answer;
end $$;
create function public.sorted(by_column text) returns setof text
language plpgsql stable security definer set search_path = '' as $$
begin
    return query execute format('select entry from public.diaries where owner = auth.uid() order by %I', by_column);
end $$;
