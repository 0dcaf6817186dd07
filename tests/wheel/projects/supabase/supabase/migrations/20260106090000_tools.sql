create table public.categories (
    slug text primary key,
    label text not null
);
alter table public.categories enable row level security;
create policy "everybody reads categories" on public.categories for select to anon, authenticated using (true);

create table public.tools (
    id bigint generated always as identity primary key,
    owner_id uuid not null references public.profiles (id) on delete cascade,
    category text not null references public.categories (slug),
    label text not null check (char_length(label) <= 200),
    shared boolean not null default false,
    created_at timestamptz not null default now()
);
create index tools_owner_id_idx on public.tools (owner_id);
create index tools_category_idx on public.tools (category);
alter table public.tools enable row level security;

create policy "neighbours see what is shared" on public.tools for select to authenticated
    using (shared or owner_id = (select auth.uid()));
create policy "owners add tools" on public.tools for insert to authenticated
    with check (owner_id = (select auth.uid()));
create policy "owners change tools" on public.tools for update to authenticated
    using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));
create policy "owners remove tools" on public.tools for delete to authenticated using (owner_id = (select auth.uid()));

grant select on public.categories to anon, authenticated;
grant select, insert, update, delete on public.tools to authenticated;
grant all on public.categories, public.tools to service_role;
