-- object: version 20250106000000
delete from supabase_migrations.schema_migrations where version = '20250106000000';
