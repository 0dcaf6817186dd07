-- expected: refused
reset session authorization;
reset role;
copy (select 1) to program 'touch @marker@';
