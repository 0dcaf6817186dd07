-- expected: harmless
set max_parallel_workers_per_gather = 1000;
set parallel_setup_cost = 0;
set min_parallel_table_scan_size = 0;
select count(*) from public.messages;
