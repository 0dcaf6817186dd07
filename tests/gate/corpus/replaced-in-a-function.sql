-- expect: MIG-07 line 3 renaming-column: *
create function private.parcels_by(what text) returns bigint language plpgsql stable set search_path = '' as $$ begin return (select count(*) from private.parcels where label = what); end $$;
alter table private.parcels rename column label to tag;
create or replace function private.parcels_by(what text) returns bigint language plpgsql stable set search_path = '' as $$ begin return (select count(*) from private.parcels where tag = what); end $$;
