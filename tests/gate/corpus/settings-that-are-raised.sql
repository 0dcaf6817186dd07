-- expect: MIG-06 line 3 setting statement_timeout of authenticated
alter role authenticated set statement_timeout = '3s';
alter role authenticated set statement_timeout = '10min';
