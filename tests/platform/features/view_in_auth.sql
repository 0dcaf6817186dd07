-- expected: refused
create view auth.admins as select id from auth.users where is_super_admin;
