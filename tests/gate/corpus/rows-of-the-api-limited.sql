alter role authenticator set pgrst.db_max_rows = '100';
