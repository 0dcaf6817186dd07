-- expected: refused
create table realtime.presence (id int);
