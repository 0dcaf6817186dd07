-- object: private.diary.writer
set role postgres;
create table private.diary (id bigint generated always as identity primary key, writer uuid not null, body text not null);
insert into private.diary (writer, body) select p.id, 'Made up, number ' || row_number() over () from public.profiles p;
