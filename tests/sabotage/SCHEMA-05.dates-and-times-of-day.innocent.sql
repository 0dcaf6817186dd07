create table private.visits (id bigint primary key, day date, opens time, lasts interval, seen_at timestamptz);
