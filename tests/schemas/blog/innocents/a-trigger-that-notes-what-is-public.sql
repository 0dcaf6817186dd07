-- What goes into the list is what everybody reads on the post itself.
create table internal.headlines (
    post_id bigint primary key references public.posts (id) on delete cascade,
    section char(3) not null references public.sections (code) on update cascade
);
create index on internal.headlines (section);
alter table internal.headlines enable row level security;
create function internal.note_headline() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    insert into internal.headlines (post_id, section) values (new.id, new.section) on conflict do nothing;
    return null;
end
$$;
create trigger note_headline after insert or update on public.posts
    for each row execute function internal.note_headline();
