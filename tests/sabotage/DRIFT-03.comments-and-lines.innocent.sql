-- Comments and line breaks are no edit.
update supabase_migrations.schema_migrations set statements[1] = E'-- A comment\n\n' || statements[1] || E'\n  ;\n';
