-- expected: refused
create extension pageinspect;
