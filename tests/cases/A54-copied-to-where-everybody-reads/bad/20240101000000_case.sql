create table public.notes (id uuid primary key default gen_random_uuid(),
    writer uuid not null default auth.uid() references auth.users on delete cascade, body text not null, published boolean not null default false);
create index on public.notes (writer);
create table public.societies (id uuid primary key default gen_random_uuid(),
    keeper uuid not null references auth.users on delete cascade, name text not null);
create index on public.societies (keeper);
create table public.ticker (id bigint generated always as identity primary key, line text not null);
create table public.word_index (note_id uuid primary key references public.notes on delete cascade, words text not null);
create table public.gazette (note_id uuid primary key references public.notes on delete cascade, words text not null);
create table public.register (society_id uuid primary key references public.societies on delete cascade, name text not null);
alter table public.notes enable row level security;
alter table public.societies enable row level security;
alter table public.ticker enable row level security;
alter table public.word_index enable row level security;
alter table public.gazette enable row level security;
alter table public.register enable row level security;
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
grant select on public.ticker, public.word_index, public.gazette, public.register to anon;
grant insert (writer, body, published), update (body, published) on public.notes to authenticated;
create policy own on public.notes for select to authenticated using (writer = (select auth.uid()));
create policy add on public.notes for insert to authenticated with check (writer = (select auth.uid()));
create policy edit on public.notes for update to authenticated using (writer = (select auth.uid()))
    with check (writer = (select auth.uid()));
create policy own on public.societies for select to authenticated using (keeper = (select auth.uid()));
create policy everybody on public.ticker for select to anon, authenticated using (true);
create policy everybody on public.word_index for select to anon, authenticated using (true);
create policy everybody on public.gazette for select to anon, authenticated using (true);
create policy everybody on public.register for select to anon, authenticated using (true);
create function public.to_gazette() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    insert into public.gazette values (new.id, new.body) on conflict (note_id) do update set words = excluded.words;
    return null;
end $$;
revoke execute on function public.to_gazette() from public, anon, authenticated;
create trigger to_gazette after insert or update on public.notes for each row when (new.published) execute function public.to_gazette();
create function public.to_register() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    insert into public.register values (new.id, new.name) on conflict (society_id) do update set name = excluded.name;
    return null;
end $$;
revoke execute on function public.to_register() from public, anon, authenticated;
create trigger to_register after insert or update on public.societies for each row execute function public.to_register();
create function public.to_ticker() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    insert into public.ticker (line) values ('New: ' || new.body);
    return null;
end $$;
revoke execute on function public.to_ticker() from public, anon, authenticated;
create trigger to_ticker after insert on public.notes for each row execute function public.to_ticker();
create function public.to_index() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    insert into public.word_index values (new.id, new.body) on conflict (note_id) do update set words = excluded.words;
    return null;
end $$;
revoke execute on function public.to_index() from public, anon, authenticated;
create trigger to_index after insert or update on public.notes for each row execute function public.to_index();
