-- No API role can do anything with it: that needs no declaration.
create table public.imports (id bigint generated always as identity primary key, file text not null, done boolean not null);
alter table public.imports enable row level security;
