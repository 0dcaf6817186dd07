-- object: version 20250107000000
insert into supabase_migrations.schema_migrations (version, name, statements)
values ('20250107000000', 'by_hand', array['select 1']);
