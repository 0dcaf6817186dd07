create table public.papers (
    id uuid primary key default gen_random_uuid(), author uuid not null references auth.users on delete cascade, body text not null
);
create index on public.papers (author);
create table public.paper_links (
    id bigint generated always as identity primary key, paper uuid not null references public.papers on delete cascade,
    slug text not null unique default encode(sha256(gen_random_uuid()::text::bytea), 'hex'), revoked boolean not null default false
);
create index on public.paper_links (paper);
create table public.wallets (
    id uuid primary key default gen_random_uuid(), holder uuid not null unique references auth.users on delete cascade,
    points integer not null default 100 check (points >= 0)
);
alter table public.papers enable row level security;
alter table public.paper_links enable row level security;
alter table public.wallets enable row level security;
create policy author on public.papers for select to authenticated using (author = (select auth.uid()));
create policy author on public.paper_links for select to authenticated
    using (paper in (select p.id from public.papers p where p.author = (select auth.uid())));
create policy mine on public.wallets for select to authenticated using (holder = (select auth.uid()));
create function public.open_link(p_slug text) returns text language sql stable security definer set search_path = '' as $$
    select p.body from public.papers p join public.paper_links l on l.paper = p.id where l.slug = p_slug and not l.revoked $$;
create function public.send_points(to_wallet uuid, amount integer) returns void language plpgsql security definer
set search_path = '' as $$
begin
    update public.wallets w set points = points - amount
    where w.holder = (select auth.uid()) and amount > 0 and w.points >= amount;
    if not found then raise exception 'not enough' using errcode = 'P0001'; end if;
    update public.wallets w set points = points + amount where w.id = to_wallet;
end $$;
revoke execute on function public.send_points(uuid, integer) from public, anon;
