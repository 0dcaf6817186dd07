-- on: gate
set lock_timeout = '2s';
create table private.shelves (id bigint primary key, owner uuid references auth.users (id) on delete cascade);
create index shelves_owner on private.shelves (owner);
