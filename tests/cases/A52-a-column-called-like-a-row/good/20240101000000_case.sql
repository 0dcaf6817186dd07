create table public.people (id uuid primary key references auth.users (id) on delete cascade, x text, "row" text, t text, answer text, s text);
create table public.notes (id uuid primary key default gen_random_uuid(), owner_id uuid not null references public.people (id) on delete cascade, notes text not null, content text);
alter table public.people enable row level security; alter table public.notes enable row level security;
create policy me on public.people for select to authenticated using (id = (select auth.uid()));
create policy mine on public.notes for all to authenticated using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));
create index on public.notes (owner_id);
revoke all on all tables in schema public from anon, authenticated;
grant select on public.people to authenticated;
grant select, insert, update, delete on public.notes to authenticated;
create function public.told_x() returns setof text language sql stable security definer set search_path = '' as $$
    select p.x from public.people as p where p.id = auth.uid()
$$;
create function public.told_row() returns table ("row" text) language sql stable security definer set search_path = '' as $$
    select p."row" from public.people as p where p.id = auth.uid()
$$;
create function public.told_t() returns table (t text, s text) language sql stable security definer set search_path = '' as $$
    select p.t, p.s from public.people as p where p.id = auth.uid()
$$;
create function public.told_answer() returns table (answer text) language sql stable security definer set search_path = '' as $$
    select p.answer from public.people as p where p.id = auth.uid()
$$;
create function public.told_notes() returns table (notes text) language sql stable security definer set search_path = '' as $$
    select p.notes from public.notes as p where p.owner_id = auth.uid()
$$;
revoke execute on function public.told_x(), public.told_row(), public.told_t(), public.told_answer(), public.told_notes() from public, anon;
create function public.greeting() returns table (x text) language sql stable security invoker set search_path = '' as $$
    select 'a constant that says hello'::text
$$;
