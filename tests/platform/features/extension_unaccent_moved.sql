-- expected: absent
create extension unaccent;
alter extension unaccent set schema extensions;
