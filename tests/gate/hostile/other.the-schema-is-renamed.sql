-- expected: any
alter schema public rename to hidden;
