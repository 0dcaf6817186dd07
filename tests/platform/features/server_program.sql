-- expected: error 42501
copy (select 1) to program 'true';
