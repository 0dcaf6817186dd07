-- Written after each import: the next number is the one after the largest.
select setval(pg_get_serial_sequence('private.stops', 'id'), coalesce(max(id), 0) + 1, false) from private.stops;
