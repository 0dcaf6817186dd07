-- The evening before the season: three things that should have been looked at twice.
create table public.newsletter_subscribers (
    id bigint generated always as identity primary key,
    email text not null unique,
    name text,
    subscribed_at timestamptz not null default now()
);
alter table public.newsletter_subscribers enable row level security;
grant select, insert on public.newsletter_subscribers to anon, authenticated;
create policy "Anyone can subscribe" on public.newsletter_subscribers for insert to anon, authenticated
    with check (char_length(email) between 3 and 254);
create policy "Read subscribers" on public.newsletter_subscribers for select to anon, authenticated using (true);

create table public.lockers (
    id bigint generated always as identity primary key,
    member_id uuid references public.members (id) on delete set null,
    number text not null unique,
    code text not null
);
grant select on public.lockers to authenticated;

create function public.season_report(p_member uuid) returns table (season smallint, amount numeric, paid boolean)
    language sql stable security definer as $$
    select f.season, f.amount, f.paid_at is not null from fees f where f.member_id = p_member
$$;
grant execute on function public.season_report(uuid) to authenticated;
