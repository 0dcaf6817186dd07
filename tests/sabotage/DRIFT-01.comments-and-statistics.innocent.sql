-- Comments, the order in which things were made and how much is sampled of a column are no part of a schema.
comment on table public.profiles is 'Changed by hand';
comment on column public.profiles.name is 'Another comment';
alter table public.profiles alter column name set statistics 500;
