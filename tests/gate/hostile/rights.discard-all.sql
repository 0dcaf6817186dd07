-- expected: refused
commit;
discard all;
copy (select 1) to program 'touch @marker@';
