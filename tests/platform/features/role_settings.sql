alter role authenticated set statement_timeout = '15s';
alter role authenticator set pgrst.db_schemas = 'public, api';
alter role anon set statement_timeout = '2s';
notify pgrst, 'reload config';
notify pgrst, 'reload schema';
