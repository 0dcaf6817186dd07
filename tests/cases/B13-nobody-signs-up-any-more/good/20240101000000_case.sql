create table public.visitors (
    id uuid primary key references auth.users on delete cascade,
    pseudonym varchar(40) not null
);
create function public.greet() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    insert into public.visitors (id, pseudonym) values (new.id, 'visitor');
    return new;
end $$;
revoke execute on function public.greet() from public, anon, authenticated;
create trigger greet after insert on auth.users for each row execute function public.greet();
alter table public.visitors enable row level security;
revoke all on public.visitors from anon, authenticated;
grant select on public.visitors to authenticated;
create policy own on public.visitors for select to authenticated using (id = (select auth.uid()));
