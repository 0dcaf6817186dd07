-- object: track_counts for importer
create role importer;
alter role importer set track_counts = off;
