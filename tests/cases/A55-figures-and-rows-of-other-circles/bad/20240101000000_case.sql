create table public.savers (person uuid primary key references auth.users on delete cascade, nick text);
create table public.accounts (person uuid primary key references auth.users on delete cascade, solde numeric(12, 2) not null default 0);
create table public.circles (id uuid primary key default gen_random_uuid(), called text not null);
create table public.circle_people (
    id uuid primary key default gen_random_uuid(), circle_id uuid not null references public.circles on delete cascade,
    person uuid not null references auth.users on delete cascade, nick text, unique (circle_id, person)
);
create index on public.circle_people (person);
create table public.deposits (
    id uuid primary key default gen_random_uuid(), saver uuid not null references public.circle_people on delete cascade,
    figure numeric(12, 2) not null, note text
);
create index on public.deposits (saver);
create table public.switches (
    id uuid primary key default gen_random_uuid(), circle_id uuid not null references public.circles on delete cascade,
    enabled boolean not null default false, words text
);
create index on public.switches (circle_id);
create table public.wishes (
    id uuid primary key default gen_random_uuid(), circle_id uuid not null references public.circles on delete cascade,
    stage text not null default 'new', words text
);
create index on public.wishes (circle_id);
create table public.articles (id uuid primary key default gen_random_uuid(), author uuid not null references auth.users on delete cascade, words text);
create index on public.articles (author);
create table public.claps (
    article_id uuid references public.articles on delete cascade, person uuid references auth.users on delete cascade,
    primary key (article_id, person)
);
create index on public.claps (person);
alter table public.savers enable row level security; alter table public.accounts enable row level security;
alter table public.circles enable row level security; alter table public.circle_people enable row level security;
alter table public.deposits enable row level security; alter table public.switches enable row level security;
alter table public.wishes enable row level security; alter table public.articles enable row level security;
alter table public.claps enable row level security;
create schema inner_rules;
create function inner_rules.belongs(c uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.circle_people p where p.circle_id = c and p.person = (select auth.uid())) $$;
grant usage on schema inner_rules to authenticated;
create policy own on public.savers for select to authenticated using (person = (select auth.uid()));
create policy own on public.accounts for select to authenticated using (person = (select auth.uid()));
create policy ours on public.circles for select to authenticated using (inner_rules.belongs(id));
create policy ours on public.circle_people for select to authenticated using (inner_rules.belongs(circle_id));
create policy ours on public.deposits for select to authenticated using (exists (
    select from public.circle_people p where p.id = deposits.saver and p.person = (select auth.uid())));
create policy ours on public.switches for select to authenticated using (inner_rules.belongs(circle_id));
create policy ours on public.wishes for select to authenticated using (inner_rules.belongs(circle_id));
create policy read on public.articles for select to authenticated using (author is not null and (select auth.uid()) is not null);
create policy own on public.claps for select to authenticated using (person = (select auth.uid()));
create function public.claps_of(p_article uuid) returns bigint language sql stable security definer set search_path = '' as $$
    select count(*) from public.claps c where c.article_id = p_article and (select auth.uid()) is not null $$;
create function public.balance_of(p_person uuid) returns numeric language sql stable security definer set search_path = '' as $$ select a.solde from public.accounts a where a.person = p_person and (select auth.uid()) is not null $$;
create function public.total_of(p_circle uuid) returns numeric language sql stable security definer set search_path = '' as $$ select sum(d.figure) from public.deposits d join public.circle_people p on p.id = d.saver where p.circle_id = p_circle and exists (select from public.circle_people o where o.person = (select auth.uid())) $$;
create function public.people_in(p_circle uuid) returns jsonb language sql stable security definer set search_path = '' as $$ select pg_catalog.jsonb_build_object('people', count(*)) from public.circle_people p where p.circle_id = p_circle and (select auth.uid()) is not null $$;
create function public.turn(p_switch uuid, p_on boolean, p_circle uuid default null) returns void language plpgsql security definer set search_path = '' as $$ begin if p_circle is not null and not inner_rules.belongs(p_circle) then raise exception 'not yours'; end if; if auth.uid() is null then raise exception 'sign in'; end if; update public.switches set enabled = p_on where id = p_switch; end $$;
create function public.set_stage(p_wish uuid, p_circle uuid, p_stage text) returns void language plpgsql security definer set search_path = '' as $$ begin if not inner_rules.belongs(p_circle) then raise exception 'not yours'; end if; update public.wishes w set stage = p_stage where w.id = p_wish; end $$;
revoke execute on all functions in schema public from public, anon;

-- What a teacher sees of a pupil are the marks of the class, and not the pupil; so much they are told.
create table public.pupils (
    id uuid primary key default gen_random_uuid(),
    guardian uuid not null references auth.users (id) on delete cascade,
    name text not null
);
create index on public.pupils (guardian);
create table public.lessons (
    id uuid primary key default gen_random_uuid(),
    teacher uuid not null references auth.users (id) on delete cascade,
    name text not null
);
create index on public.lessons (teacher);
create table public.marks (
    id uuid primary key default gen_random_uuid(),
    lesson uuid not null references public.lessons (id) on delete cascade,
    pupil uuid not null references public.pupils (id) on delete cascade,
    mark numeric(4, 2) not null
);
create index on public.marks (lesson);
create index on public.marks (pupil);
alter table public.pupils enable row level security;
alter table public.lessons enable row level security;
alter table public.marks enable row level security;
create policy own on public.pupils for select to authenticated using (guardian = (select auth.uid()));
create policy own on public.lessons for select to authenticated using (teacher = (select auth.uid()));
create policy own on public.marks for select to authenticated using (
    exists (select 1 from public.lessons l where l.id = lesson and l.teacher = (select auth.uid()))
    or exists (select 1 from public.pupils p where p.id = pupil and p.guardian = (select auth.uid()))
);
create function public.marks_of(pupil text) returns jsonb language sql stable security definer set search_path = '' as $$
    select jsonb_agg(jsonb_build_object('lesson', l.name, 'mark', m.mark))
    from public.marks m join public.lessons l on l.id = m.lesson
    where m.pupil = marks_of.pupil::uuid and (l.teacher = (select auth.uid()) or exists (
        select 1 from public.pupils p where p.id = m.pupil and p.guardian = (select auth.uid())))
$$;
