-- expected: error 42501
create role boss superuser;
