refresh materialized view concurrently private.totals;
