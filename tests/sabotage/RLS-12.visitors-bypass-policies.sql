-- object: anon
alter role anon bypassrls;
