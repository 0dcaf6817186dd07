create table private.crates (id bigint primary key, word text);
create index on private.crates (word);
