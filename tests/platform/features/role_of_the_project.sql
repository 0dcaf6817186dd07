create role reporting nologin noinherit;
grant usage on schema public to reporting;
grant reporting to authenticator;
grant anon to reporting;
