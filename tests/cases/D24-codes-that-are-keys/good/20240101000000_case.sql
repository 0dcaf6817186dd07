create table public.houses (id uuid primary key default gen_random_uuid(), called text not null, head uuid not null references auth.users on delete cascade);
create index on public.houses (head);
create table public.einladungen (
    code text primary key default encode(gen_random_bytes(9), 'hex'), house uuid not null references public.houses on delete cascade,
    used_at timestamptz
);
create index on public.einladungen (house);
create table public.house_people (
    house uuid references public.houses on delete cascade, person uuid references auth.users on delete cascade, primary key (house, person)
);
create index on public.house_people (person);
create table public.secrets_told (
    id uuid primary key default gen_random_uuid(), person uuid not null references auth.users on delete cascade,
    matchable boolean, words text
);
create index on public.secrets_told (person);
create schema inner_rules;
grant usage on schema inner_rules to authenticated;
create function inner_rules.heads(h uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.houses x where x.id = h and x.head = (select auth.uid())) $$;
alter table public.houses enable row level security; alter table public.einladungen enable row level security;
alter table public.house_people enable row level security; alter table public.secrets_told enable row level security;
create policy own on public.houses for select to authenticated using (head = (select auth.uid()) or exists (
    select from public.house_people p where p.house = houses.id and p.person = (select auth.uid())));
create policy own on public.house_people for select to authenticated using (person = (select auth.uid()));
create policy invite on public.einladungen for insert to authenticated with check (inner_rules.heads(house) and used_at is null);
create policy tell on public.secrets_told for insert to authenticated with check (person = (select auth.uid()));
create policy retell on public.secrets_told for update to authenticated using (person = (select auth.uid()))
    with check (person = (select auth.uid()));
insert into storage.buckets (id, name, public) values ('pictures', 'pictures', false);
create policy pictures_read on storage.objects for select to authenticated
    using (bucket_id = 'pictures' and (storage.foldername(name))[1] = (select auth.uid())::text);
create function public.join_house(p_code text) returns uuid language plpgsql security definer set search_path = '' as $$
declare e public.einladungen;
begin
    update public.einladungen set used_at = now() where code = p_code and used_at is null returning * into e;
    if not found then raise exception 'no such invitation'; end if;
    insert into public.house_people values (e.house, auth.uid()) on conflict do nothing;
    return e.house;
end $$;
revoke execute on function public.join_house(text) from public, anon;
create policy see on public.einladungen for select to authenticated using (inner_rules.heads(house));
create policy see on public.secrets_told for select to authenticated using (person = (select auth.uid()) or matchable);
create policy pictures_add on storage.objects for insert to authenticated
    with check (bucket_id = 'pictures' and name like (select auth.uid())::text || '/%');
