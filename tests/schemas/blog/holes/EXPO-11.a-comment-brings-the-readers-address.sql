-- object: public.mentions
-- A list for everybody, into which a trigger writes the address of who follows.
create table public.mentions (
    id bigint generated always as identity primary key,
    author_id integer not null references public.authors (id) on delete cascade,
    said text not null
);
create index on public.mentions (author_id);
alter table public.mentions enable row level security;
create policy mentions_read on public.mentions for select to anon, authenticated using (said <> '');
grant select on public.mentions to anon, authenticated;
create function internal.mention() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    insert into public.mentions (author_id, said)
    select new.author_id, s."eMail" || ' follows' from public.subscribers s where s."ID" = new.follower_id;
    return null;
end
$$;
create trigger mention after insert on public.follows for each row execute function internal.mention();
