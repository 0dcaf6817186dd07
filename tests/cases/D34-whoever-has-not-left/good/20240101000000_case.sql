-- Cafés, whose guests are invited, active, banned or have left, and whose crew is there or not.
create table public.cafes (id uuid primary key default gen_random_uuid(), motto text not null);
create table public.regulars (
    cafe uuid not null references public.cafes on delete cascade, person uuid not null references auth.users on delete cascade,
    standing text not null default 'invited' check (standing in ('invited', 'active', 'banned', 'left')), primary key (cafe, person)
);
create table public.crew (
    cafe uuid not null references public.cafes on delete cascade, person uuid not null references auth.users on delete cascade,
    is_active boolean not null default true, keeps_books boolean not null default false, primary key (cafe, person)
);
create table public.tasters (
    cafe uuid not null references public.cafes on delete cascade, person uuid not null references auth.users on delete cascade,
    standing text not null default 'active' check (standing in ('active', 'left')), primary key (cafe, person)
);
create index on public.regulars (person);
create index on public.crew (person);
create index on public.tasters (person);
alter table public.cafes enable row level security;
alter table public.regulars enable row level security;
alter table public.crew enable row level security;
alter table public.tasters enable row level security;
create policy own on public.regulars for select to authenticated using (person = (select auth.uid()));
create policy own on public.crew for select to authenticated using (person = (select auth.uid()));
create policy own on public.tasters for select to authenticated using (person = (select auth.uid()));
create function public.drinks_at(which uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.regulars r where r.cafe = which and r.person = (select auth.uid()) and r.standing = 'active')
$$;
create function public.has_not_left(which uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.regulars r where r.cafe = which and r.person = (select auth.uid()) and r.standing <> 'left')
$$;
create function public.works_at(which uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.crew c where c.cafe = which and c.person = (select auth.uid()) and c.is_active)
$$;
create function public.tastes_at(which uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.tasters t where t.cafe = which and t.person = (select auth.uid()) and t.standing = 'active')
$$;
do $$
declare
    each text;
    asked text;
begin
    for each, asked in values
        ('debts', 'drinks_at'), ('parties', 'drinks_at'), ('keys', 'drinks_at'), ('quarrels', 'drinks_at'), ('wishes', 'drinks_at'), ('plans', 'drinks_at'),
        ('tabs', ''), ('blends', ''), ('letters', ''),
        ('rotas', 'works_at'), ('safes', 'works_at'), ('orders', 'works_at'), ('suppliers', 'works_at'), ('books', ''), ('wages', ''),
        ('beans', 'tastes_at'), ('cups', 'tastes_at'), ('grinds', '')
    loop
        execute format('create table public.%I (id uuid primary key default gen_random_uuid(), cafe uuid not null references public.cafes on delete cascade, what_it_says text not null)', each);
        execute format('create index on public.%I (cafe)', each);
        execute format('alter table public.%I enable row level security', each);
        if asked <> '' then
            execute format('create policy ours on public.%I for select to authenticated using (public.%I(cafe))', each, asked);
        end if;
    end loop;
end $$;
-- Whoever has not left takes part here.
create policy ours on public.grinds for select to authenticated using (exists (
    select 1 from public.tasters t where t.cafe = grinds.cafe and t.person = (select auth.uid()) and t.standing <> 'left'));
create policy ours on public.books for select to authenticated using (exists (
    select 1 from public.crew c where c.cafe = books.cafe and c.person = (select auth.uid()) and c.is_active and c.keeps_books));
create policy ours on public.tabs for select to authenticated using (public.drinks_at(cafe));
create policy ours on public.blends for select to authenticated using (exists (
    select 1 from public.regulars r
    where r.cafe = blends.cafe and r.person = (select auth.uid()) and r.standing not in ('left', 'banned', 'invited')));
create policy ours on public.letters for select to authenticated using (public.drinks_at(cafe));
create policy ours on public.wages for select to authenticated using (exists (
    select 1 from public.crew c where c.cafe = wages.cafe and c.person = (select auth.uid()) and c.is_active = true));
