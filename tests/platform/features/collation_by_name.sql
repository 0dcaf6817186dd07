create table public.names (name text collate "en_US.UTF-8", sort_name text collate "und-x-icu");
select 'a' collate "en-x-icu" < 'b';
