-- expected: refused
create language plevil handler plpgsql_call_handler;
