-- expected: absent
create extension wrappers with schema extensions;
create foreign data wrapper mine handler something_else;
