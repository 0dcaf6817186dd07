-- object: database template0
update pg_catalog.pg_database set datfrozenxid = '3094967296' where datname = 'template0';
