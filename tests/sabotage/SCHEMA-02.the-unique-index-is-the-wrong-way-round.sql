-- object: public."Tags {x}"
create table public."Tags {x}" (id bigint not null, row_id integer);
create unique index on public."Tags {x}" (id desc);
alter table public."Tags {x}" enable row level security;
