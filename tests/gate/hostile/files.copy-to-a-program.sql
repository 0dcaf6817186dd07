-- expected: refused
copy (select 1) to program 'touch @marker@';
