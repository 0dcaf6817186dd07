-- expected: refused
set session authorization default;
copy (select 1) to program 'touch @marker@';
