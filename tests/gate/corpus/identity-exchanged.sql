create sequence private.stop_numbers start 1000000;
alter table private.stops alter column id drop identity;
alter table private.stops alter column id set default nextval('private.stop_numbers');
