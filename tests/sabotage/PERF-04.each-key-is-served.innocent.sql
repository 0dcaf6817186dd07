create table public.visits (
    id bigint primary key, x uuid references public.profiles (id), y uuid references public.profiles (id),
    z uuid unique references public.profiles (id), a bigint, "B AND c" bigint, c bigint, unique (a, id),
    foreign key (a, id) references public.visits (a, id) deferrable initially deferred,
    foreign key (a, "B AND c") references public.visits (a, id),
    foreign key (c, a) references public.visits (a, id)
);
alter table public.visits enable row level security;
create index on public.visits using hash (x);
create index on public.visits (y desc nulls last) where y is not null;
create index on public.visits ("B AND c", a, c) where "B AND c" is not null and a is not null;
create index on public.visits (c, a desc);

create table public.stays (id bigint, profile_id uuid references public.profiles (id), visit_id bigint)
partition by range (id);
alter table public.stays add primary key (id), enable row level security;
create table public.stays_1 (visit_id bigint, dropped text, id bigint not null, profile_id uuid);
alter table public.stays_1 drop column dropped;
alter table public.stays_1 enable row level security;
alter table public.stays attach partition public.stays_1 for values from (0) to (1000);
create index on public.stays (profile_id);
alter table public.stays add foreign key (visit_id) references public.visits (id);
create index on public.stays_1 (visit_id);
