create table public.loans (
    id bigint generated always as identity primary key,
    tool_id bigint not null references public.tools (id) on delete cascade,
    borrower_id uuid not null references public.profiles (id) on delete cascade,
    remark text check (char_length(remark) <= 500),
    due_on date not null
);
create index loans_tool_id_idx on public.loans (tool_id);
create index loans_borrower_id_idx on public.loans (borrower_id);
alter table public.loans enable row level security;

create policy "borrowers and owners see loans" on public.loans for select to authenticated
    using (borrower_id = (select auth.uid()) or exists (
        select 1 from public.tools t where t.id = tool_id and t.owner_id = (select auth.uid())));
create policy "borrowers ask" on public.loans for insert to authenticated
    with check (borrower_id = (select auth.uid()) and exists (select 1 from public.tools t where t.id = tool_id));

grant select, insert on public.loans to authenticated;
grant all on public.loans to service_role;

-- Planted: the view is its owner's, and shows every loan to everybody who may read it.
create view public.open_loans as select id, tool_id, borrower_id, due_on from public.loans;
grant select on public.open_loans to authenticated;
