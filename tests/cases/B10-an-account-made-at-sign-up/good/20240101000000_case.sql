create table public.accounts (
    user_id uuid primary key references auth.users on delete cascade,
    nickname text,
    level text not null default 'basic' check (level in ('basic', 'staff'))
);
create table public.complaints (
    id bigint generated always as identity primary key,
    sender uuid not null references auth.users on delete cascade,
    words text not null
);
create index on public.complaints (sender);
create function public.make_account() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    insert into public.accounts (user_id, nickname) values (new.id, 'somebody');
    return new;
end $$;
revoke execute on function public.make_account() from public, anon, authenticated;
create trigger make_account after insert on auth.users for each row execute function public.make_account();
revoke update on public.accounts from anon, authenticated;
grant update (nickname) on public.accounts to authenticated;
alter table public.accounts enable row level security;
alter table public.complaints enable row level security;
create policy own on public.accounts for select to authenticated using (user_id = (select auth.uid()));
create policy change on public.accounts for update to authenticated using (user_id = (select auth.uid()));
create policy own on public.complaints for select to authenticated using (sender = (select auth.uid()));
create policy staff on public.complaints for select to authenticated using (exists (
    select from public.accounts a where a.user_id = (select auth.uid()) and a.level = 'staff'));
