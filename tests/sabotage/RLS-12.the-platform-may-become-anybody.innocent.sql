create role "Team ""A""" nologin;
grant "Team ""A""" to authenticated;
grant anon to dashboard_user;
grant authenticated to postgres;
