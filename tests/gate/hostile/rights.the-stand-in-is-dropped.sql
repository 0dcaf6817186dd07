-- expected: refused
drop owned by audit_stand_in;
drop role audit_stand_in;
