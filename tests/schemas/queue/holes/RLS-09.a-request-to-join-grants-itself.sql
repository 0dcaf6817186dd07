-- object: requests_add on public.access_requests
-- A trigger takes whoever asks into the project.
create table public.access_requests (
    project_id uuid not null references public.projects (id) on delete cascade,
    user_id uuid not null references public.accounts (user_id) on delete cascade,
    primary key (project_id, user_id)
);
create index on public.access_requests (user_id);
alter table public.access_requests enable row level security;
create policy requests_own on public.access_requests for select to authenticated using (user_id = (select auth.uid()));
create policy requests_add on public.access_requests for insert to authenticated
    with check (user_id = (select auth.uid()));
grant select, insert on public.access_requests to authenticated;
insert into public.access_requests select p.id, p.owner_id from public.projects p order by p.id limit 6;
create function queue.take_in() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    update public.projects set members = members || new.user_id where id = new.project_id;
    return null;
end
$$;
create trigger take_in after insert on public.access_requests for each row execute function queue.take_in();
