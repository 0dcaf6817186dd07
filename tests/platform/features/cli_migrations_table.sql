insert into supabase_migrations.schema_migrations (version, name, statements) values ('20250101000000', 'first', array['select 1']);
