create extension if not exists moddatetime schema extensions;
create table public.notes (id bigint primary key, body text, updated_at timestamptz default now());
create trigger handle_updated_at before update on public.notes
    for each row execute procedure extensions.moddatetime(updated_at);
insert into public.notes values (1, 'a');
update public.notes set body = 'b';
