-- expected: absent where there is no ICU
create collation public.case_insensitive (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
