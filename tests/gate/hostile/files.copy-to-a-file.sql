-- expected: refused
copy (select 1) to '@marker@';
