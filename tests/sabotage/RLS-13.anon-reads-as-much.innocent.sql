-- set: public_tables = ["public.faq"]
create table public.faq (id bigint generated always as identity primary key, text text not null);
insert into public.faq (text) values ('How do I ask for help?');
alter table public.faq enable row level security;
create policy "everybody reads" on public.faq for select to anon, authenticated using (true);
grant select on public.faq to anon, authenticated;
