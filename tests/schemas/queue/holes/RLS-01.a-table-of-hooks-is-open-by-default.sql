-- object: public.hooks
-- As old projects have it: what a new table is, everybody may do everything with.
create table public.hooks (
    id bigint generated always as identity primary key,
    job_id bigint references public.jobs (id) on delete cascade,
    url text not null,
    secret text not null
);
create index on public.hooks (job_id);
grant all on public.hooks to anon, authenticated;
