-- object: authenticated
alter role authenticated bypassrls;
