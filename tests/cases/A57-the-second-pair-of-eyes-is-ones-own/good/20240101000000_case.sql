create table public.desks (person uuid primary key references auth.users on delete cascade, duty text not null default 'clerk' check (duty in ('clerk', 'cashier')));
create table public.payouts (
    id uuid primary key default gen_random_uuid(), asked_for uuid not null default auth.uid() references auth.users on delete cascade,
    figure numeric(12, 2) not null, second_eye uuid references auth.users on delete set null,
    etat text not null default 'demande' check (etat in ('demande', 'approuve', 'refuse'))
);
create index on public.payouts (asked_for);
create index on public.payouts (second_eye);
create table public.chores (
    id uuid primary key default gen_random_uuid(), asked_by uuid not null default auth.uid() references auth.users on delete cascade,
    taken_by uuid references auth.users on delete set null, words text
);
create index on public.chores (asked_by);
create index on public.chores (taken_by);
create table public.allowances (person uuid primary key references auth.users on delete cascade, left_over int not null default 3, nick text);
create table public.calls (
    id uuid primary key default gen_random_uuid(), caller uuid not null default auth.uid() references auth.users on delete cascade, words text
);
create index on public.calls (caller);
create table public.queue (
    id uuid primary key default gen_random_uuid(), person uuid not null default auth.uid() references auth.users on delete cascade,
    place int not null default 999, words text
);
create index on public.queue (person);
create table public.papers (
    id uuid primary key default gen_random_uuid(), writer uuid not null default auth.uid() references auth.users on delete cascade,
    step text not null default 'sent' check (step in ('sent', 'read', 'taken')), words text
);
create index on public.papers (writer);
alter table public.desks enable row level security; alter table public.payouts enable row level security;
alter table public.chores enable row level security; alter table public.allowances enable row level security;
alter table public.calls enable row level security; alter table public.queue enable row level security;
alter table public.papers enable row level security;
create schema inner_rules;
grant usage on schema inner_rules to authenticated;
create function inner_rules.has_desk() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.desks d where d.person = (select auth.uid())) $$;
create function inner_rules.take_paper(p uuid) returns void language sql security definer set search_path = '' as $$
    update public.papers set step = 'taken' where id = p $$;
create function inner_rules.counts() returns trigger language plpgsql security definer set search_path = '' as $$ begin
    update public.allowances set left_over = left_over - 1 where person = new.caller; return new; end $$;
create trigger counts after insert on public.calls for each row execute function inner_rules.counts();
create policy own on public.desks for select to authenticated using (person = (select auth.uid()));
create policy see on public.payouts for select to authenticated using ((select inner_rules.has_desk()) or asked_for = (select auth.uid()));
create policy ask on public.payouts for insert to authenticated
    with check (asked_for = (select auth.uid()) and second_eye is null and etat = 'demande' and (select inner_rules.has_desk()));
create policy see on public.chores for select to authenticated using ((select inner_rules.has_desk()));
create policy ask on public.chores for insert to authenticated
    with check (asked_by = (select auth.uid()) and taken_by is null and (select inner_rules.has_desk()));
create policy take on public.chores for update to authenticated using ((select inner_rules.has_desk()) and taken_by is null)
    with check (taken_by = (select auth.uid()) and (select inner_rules.has_desk()));
create policy own on public.allowances for select to authenticated using (person = (select auth.uid()));
create policy own on public.calls for select to authenticated using (caller = (select auth.uid()));
create policy call on public.calls for insert to authenticated with check (caller = (select auth.uid()) and exists (
    select from public.allowances a where a.person = (select auth.uid()) and a.left_over > 0));
create policy own on public.queue for select to authenticated using (person = (select auth.uid()));
create policy stand on public.queue for insert to authenticated with check (person = (select auth.uid()) and place = 999);
create policy reword on public.queue for update to authenticated using (person = (select auth.uid()))
    with check (person = (select auth.uid()));
create policy own on public.papers for select to authenticated using (writer = (select auth.uid()));
create policy edit on public.allowances for update to authenticated using (person = (select auth.uid()))
    with check (person = (select auth.uid()));
create policy agree on public.payouts for update to authenticated
    using ((select inner_rules.has_desk()) and second_eye is null and asked_for <> (select auth.uid()))
    with check (second_eye = (select auth.uid()) and (select inner_rules.has_desk()) and asked_for <> (select auth.uid()));
create policy send on public.papers for insert to authenticated with check (writer = (select auth.uid()) and step = 'sent');
revoke update on public.allowances from anon, authenticated;
grant update (nick) on public.allowances to authenticated;
revoke update on public.queue from anon, authenticated;
grant update (words) on public.queue to authenticated;
