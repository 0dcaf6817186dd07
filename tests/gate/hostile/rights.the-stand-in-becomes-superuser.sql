-- expected: refused
alter role audit_stand_in superuser;
