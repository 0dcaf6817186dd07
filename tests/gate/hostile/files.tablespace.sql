-- expected: refused
commit;
create tablespace elsewhere location '/tmp';
