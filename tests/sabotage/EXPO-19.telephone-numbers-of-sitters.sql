-- object: "Listed sitters" on public.sabotage_sitters
-- Whoever looks for a sitter sees the telephone numbers of all that are listed, signed in or not.
create table public.sabotage_sitters (
    id uuid primary key references public.profiles (id) on delete cascade,
    title text not null,
    phone text,
    is_listed boolean not null default true
);
alter table public.sabotage_sitters enable row level security;
revoke all on public.sabotage_sitters from anon, authenticated;
grant update (title) on public.sabotage_sitters to authenticated;
create policy "Listed sitters" on public.sabotage_sitters for select to anon, authenticated using (is_listed);
create policy "Sitters change themselves" on public.sabotage_sitters for update to authenticated
    using (id = (select auth.uid()));
grant select on public.sabotage_sitters to anon, authenticated;
insert into public.sabotage_sitters (id, title, phone) select id, 'sitter', '555 0100' from public.profiles;
