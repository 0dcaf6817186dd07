select h.version, h.statements from supabase_migrations.schema_migrations h
