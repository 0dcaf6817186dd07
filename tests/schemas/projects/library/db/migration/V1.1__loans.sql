create table public.loans (
    id bigint generated always as identity primary key,
    copy_id bigint not null references public.copies (id) on delete restrict,
    patron_id uuid not null references public.patrons (id) on delete cascade,
    lent_at timestamptz not null default now(),
    due_on date not null default current_date + 28,
    returned_at timestamptz,
    check (returned_at >= lent_at)
);
create unique index loans_open_idx on public.loans (copy_id) where returned_at is null;
create index loans_copy_id_idx on public.loans (copy_id);
create index loans_patron_id_idx on public.loans (patron_id);

create table public.reservations (
    work_id bigint not null references public.works (id) on delete cascade,
    patron_id uuid not null default auth.uid() references public.patrons (id) on delete cascade,
    made_at timestamptz not null default now(),
    primary key (work_id, patron_id)
);
create index reservations_patron_id_idx on public.reservations (patron_id);

alter table public.loans enable row level security;
alter table public.reservations enable row level security;

create function public.is_librarian() returns boolean
    language sql stable security definer set search_path = '' as $$
    select coalesce((select p.is_librarian from public.patrons p where p.id = (select auth.uid())), false)
$$;
grant execute on function public.is_librarian() to authenticated;

grant select on public.loans to authenticated;
create policy loans_read on public.loans for select to authenticated
    using (patron_id = (select auth.uid()) or (select public.is_librarian()));

grant select, delete on public.reservations to authenticated;
grant insert (work_id) on public.reservations to authenticated;
create policy reservations_own on public.reservations for all to authenticated
    using (patron_id = (select auth.uid())) with check (patron_id = (select auth.uid()));

create function public.register_patron() returns trigger
    language plpgsql security definer set search_path = '' as $$
begin
    insert into public.patrons (id, display_name) values (new.id, new.raw_user_meta_data ->> 'name');
    return new;
end;
$$;
create trigger register_patron after insert on auth.users
    for each row execute function public.register_patron();
