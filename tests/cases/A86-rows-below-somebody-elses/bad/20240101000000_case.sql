create table public.people (id uuid primary key references auth.users (id) on delete cascade, full_name text not null);
alter table public.people enable row level security;
create policy me on public.people for select to authenticated using (id = (select auth.uid()));
create table public.staff (firm_id integer not null, user_id uuid not null references public.people (id) on delete cascade, primary key (firm_id, user_id));
create index on public.staff (user_id);
alter table public.staff enable row level security;
create policy me on public.staff for select to authenticated using (user_id = (select auth.uid()));
-- A task in another's project.
create table public.projects (id uuid primary key default gen_random_uuid(), owner_id uuid not null references public.people (id) on delete cascade, title text not null);
create index on public.projects (owner_id);
alter table public.projects enable row level security;
create policy mine on public.projects for select to authenticated using (owner_id = (select auth.uid()));
create table public.tasks (id uuid primary key default gen_random_uuid(), project_id uuid not null references public.projects (id) on delete cascade, author_id uuid not null references public.people (id) on delete cascade, title text not null);
create index on public.tasks (project_id); create index on public.tasks (author_id); alter table public.tasks enable row level security;
create policy seen on public.tasks for select to authenticated using (author_id = (select auth.uid()) or exists (select from public.projects p where p.id = project_id and p.owner_id = (select auth.uid())));
create policy written on public.tasks for insert to authenticated with check (author_id = (select auth.uid()));
-- A delivery to another's address.
create table public.addresses (id bigint generated always as identity primary key, owner_id uuid not null references public.people (id) on delete cascade, title text not null);
create index on public.addresses (owner_id);
alter table public.addresses enable row level security;
create policy mine on public.addresses for select to authenticated using (owner_id = (select auth.uid()));
create table public.deliveries (id uuid primary key default gen_random_uuid(), buyer_id uuid not null references public.people (id) on delete cascade, address_id bigint not null references public.addresses (id) on delete cascade, note text not null);
create index on public.deliveries (buyer_id); create index on public.deliveries (address_id); alter table public.deliveries enable row level security;
create policy seen on public.deliveries for select to authenticated using (buyer_id = (select auth.uid()));
create policy written on public.deliveries for insert to authenticated with check (buyer_id = (select auth.uid()));
-- A page that moves to another's book.
create table public.books (id uuid primary key default gen_random_uuid(), owner_id uuid not null references public.people (id) on delete cascade, title text not null);
create index on public.books (owner_id);
alter table public.books enable row level security;
create policy mine on public.books for select to authenticated using (owner_id = (select auth.uid()));
create table public.pages (id uuid primary key default gen_random_uuid(), book_id uuid not null references public.books (id) on delete cascade, writer_id uuid not null references public.people (id) on delete cascade, body text not null);
create index on public.pages (book_id); create index on public.pages (writer_id); alter table public.pages enable row level security;
create policy seen on public.pages for select to authenticated using (writer_id = (select auth.uid()));
create policy written on public.pages for update to authenticated using (writer_id = (select auth.uid())) with check (writer_id = (select auth.uid()));
-- A photograph in another's album, with no foreign key.
create table public.albums (id uuid primary key default gen_random_uuid(), owner_id uuid not null references public.people (id) on delete cascade, title text not null);
create index on public.albums (owner_id);
alter table public.albums enable row level security;
create policy mine on public.albums for select to authenticated using (owner_id = (select auth.uid()));
create table public.photographs (id uuid primary key default gen_random_uuid(), album_id uuid not null, owner_id uuid not null references public.people (id) on delete cascade, caption text not null);
create index on public.photographs (album_id); create index on public.photographs (owner_id); alter table public.photographs enable row level security;
create policy seen on public.photographs for select to authenticated using (owner_id = (select auth.uid()));
create policy written on public.photographs for insert to authenticated with check (owner_id = (select auth.uid()));
-- A line on another firm's invoice.
create table public.invoices (id uuid primary key default gen_random_uuid(), firm_id integer not null, title text not null);
create index on public.invoices (firm_id); alter table public.invoices enable row level security;
create policy seen on public.invoices for select to authenticated using (firm_id in (select s.firm_id from public.staff s where s.user_id = (select auth.uid())));
create table public.lines (id uuid primary key default gen_random_uuid(), firm_id integer not null, invoice_id uuid not null references public.invoices (id) on delete cascade, amount integer not null);
create index on public.lines (firm_id); create index on public.lines (invoice_id); alter table public.lines enable row level security;
create policy seen on public.lines for select to authenticated using (firm_id in (select s.firm_id from public.staff s where s.user_id = (select auth.uid())));
create policy written on public.lines for insert to authenticated with check (firm_id in (select s.firm_id from public.staff s where s.user_id = (select auth.uid())));
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
grant insert on public.tasks, public.deliveries, public.photographs, public.lines to authenticated;
grant update (book_id, body) on public.pages to authenticated;
-- The staff, who are listed, lend to whomever they like, and are told what is late.
create table public.librarians (user_id uuid primary key references auth.users on delete cascade);
create table public.cards (
    id uuid primary key default gen_random_uuid(), user_id uuid unique references auth.users on delete set null,
    remark text not null
);
create table public.loans (
    id uuid primary key default gen_random_uuid(), card_id uuid not null references public.cards on delete cascade,
    due date not null
);
create index on public.loans (card_id);
alter table public.librarians enable row level security;
alter table public.cards enable row level security;
alter table public.loans enable row level security;
create policy own on public.librarians for select to authenticated using (user_id = (select auth.uid()));
create policy own on public.cards for select to authenticated using (user_id = (select auth.uid()));
create policy staff on public.loans for all to authenticated
    using (exists (select from public.librarians l where l.user_id = (select auth.uid())))
    with check (exists (select from public.librarians l where l.user_id = (select auth.uid())));
create function public.late() returns setof text language sql stable security definer set search_path = '' as $$
    select c.remark from public.loans l join public.cards c on c.id = l.card_id
    where l.due < current_date and exists (select from public.librarians b where b.user_id = (select auth.uid()))
$$;
revoke execute on function public.late() from public, anon;
grant execute on function public.late() to authenticated;
