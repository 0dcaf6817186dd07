-- object: version 20250104000000
update supabase_migrations.schema_migrations set statements[1] = 'create table public.something_else (id integer)'
where version = '20250104000000';
