alter table public.messages set (autovacuum_enabled = yes, autovacuum_vacuum_scale_factor = 0.01);
create temporary table scratch (id bigint) with (autovacuum_enabled = false);
create role importer;
alter role importer set track_counts = on;
