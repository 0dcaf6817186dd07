-- address_standardizer_data_us: its tables, empty.
-- Source: https://postgis.net/docs/Extras.html#Address_Standardizer

create table us_lex (id serial primary key, seq integer, word text, stdword text, token integer, is_custom boolean default true);
create table us_gaz (id serial primary key, seq integer, word text, stdword text, token integer, is_custom boolean default true);
create table us_rules (id serial primary key, rule text, is_custom boolean default true);
