-- object: "Visits""by" on public."Visits"
-- object: "Visits_of_fkey" on public."Visits"
-- object: "Visits_self_fkey" on public."Visits"
-- object: "Visits_two_fkey" on public."Visits"
-- object: "Visits_gone_fkey" on public."Visits"
create table public."Visits" (
    id bigint primary key, "of" uuid, "by" uuid, self bigint, gone uuid, a bigint, b bigint, deleted_at timestamptz,
    unique (a, id),
    constraint "Visits_of_fkey" foreign key ("of") references public.profiles (id),
    constraint "Visits""by" foreign key ("by") references public.profiles (id) not valid,
    constraint "Visits_self_fkey" foreign key (self) references public."Visits" (id) deferrable initially deferred,
    constraint "Visits_gone_fkey" foreign key (gone) references public.profiles (id),
    constraint "Visits_two_fkey" foreign key (a, b) references public."Visits" (a, id)
);
alter table public."Visits" enable row level security;
create index on public."Visits" (deleted_at, "of");
create index on public."Visits" ("by") where deleted_at is null;
create index on public."Visits" ((self + 0));
create index on public."Visits" (deleted_at) include (gone);
create index on public."Visits" (a, deleted_at, b);
