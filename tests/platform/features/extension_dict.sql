create extension dict_int with schema extensions;
create extension dict_xsyn with schema extensions;
