-- also: PERF-08
-- object: "sign the guest book" on public.guest_book
create table public.guest_book (id bigint generated always as identity primary key, content text);
alter table public.guest_book enable row level security;
grant insert (content) on public.guest_book to anon;
create policy "sign the guest book" on public.guest_book for insert to anon with check (auth.role() = 'anon');
