-- object: private.visits."seen At"
create table private.visits (id bigint primary key, "seen At" timestamp);
