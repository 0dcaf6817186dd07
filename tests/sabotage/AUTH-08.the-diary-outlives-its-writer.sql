-- object: public.diary.writer
set role postgres;
create table public.diary (id bigint generated always as identity primary key, writer uuid not null, body text not null);
alter table public.diary enable row level security;
insert into public.diary (writer, body) select p.id, 'Made up, number ' || row_number() over () from public.profiles p;
