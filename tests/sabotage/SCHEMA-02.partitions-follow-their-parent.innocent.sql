create table private.events (id bigint, at timestamptz, primary key (id, at)) partition by range (at);
create table private.events_2026 partition of private.events for values from ('2026-01-01') to ('2027-01-01');
create temporary table scratch (line text);
