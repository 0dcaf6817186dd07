-- expect: MIG-04 line 2 private.totals (rewrites the table)
refresh materialized view private.totals;
