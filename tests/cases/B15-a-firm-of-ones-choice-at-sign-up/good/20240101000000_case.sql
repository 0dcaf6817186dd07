create table public.labs (id uuid primary key default gen_random_uuid(), called text not null);
create table public.hands (
    person uuid primary key references auth.users on delete cascade, lab_id uuid references public.labs on delete set null,
    duty text not null default 'porter' check (duty in ('porter', 'analyst', 'director')), tongue text not null default 'en' check (tongue in ('en', 'de'))
);
create index on public.hands (lab_id);
create table public.vials (
    id uuid primary key default gen_random_uuid(), lab_id uuid not null references public.labs on delete cascade, words text
);
create index on public.vials (lab_id);
create schema inner_rules;
grant usage on schema inner_rules to authenticated;
create function inner_rules.enter() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    insert into public.hands (person, lab_id, tongue)
    values (new.id, (new.raw_app_meta_data ->> 'lab')::uuid, coalesce(new.raw_user_meta_data ->> 'tongue', 'en'));
    return new;
end $$;
create trigger enter after insert on auth.users for each row execute function inner_rules.enter();
create function inner_rules.lab() returns uuid language sql stable security definer set search_path = '' as $$
    select h.lab_id from public.hands h where h.person = (select auth.uid()) $$;
alter table public.labs enable row level security; alter table public.hands enable row level security;
alter table public.vials enable row level security;
create policy ours on public.labs for select to authenticated using (id = (select inner_rules.lab()));
create policy own on public.hands for select to authenticated using (person = (select auth.uid()));
create policy ours on public.vials for select to authenticated using (lab_id = (select inner_rules.lab()));
create policy analysts on public.vials for update to authenticated using (lab_id = (select inner_rules.lab()) and exists (
    select from public.hands h where h.person = (select auth.uid()) and h.duty = 'director')) with check (lab_id = (select inner_rules.lab()));
