-- expected: refused
create role mightier superuser login;
