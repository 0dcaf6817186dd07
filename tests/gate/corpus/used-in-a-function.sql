-- expect: MIG-07 line 4 renaming-column: *
-- expect: MIG-07 line 4 used-in-function: function private.parcels_by(what text) uses column private.parcels.label
create function private.parcels_by(what text) returns bigint language plpgsql stable set search_path = '' as $$ begin return (select count(*) from private.parcels where label = what); end $$;
alter table private.parcels rename column label to tag;
