-- address_standardizer: addresses are taken as they come.
-- Source: https://postgis.net/docs/Extras.html#Address_Standardizer

create type stdaddr as (
    building text, house_num text, predir text, qual text, pretype text, name text, suftype text, sufdir text,
    ruralroute text, extra text, city text, state text, country text, postcode text, box text, unit text
);
create function parse_address(
    text, out num text, out street text, out street2 text, out address1 text, out city text, out state text, out zip text,
    out zipplus text, out country text
) returns record language sql immutable strict as $$
    select null::text, null::text, null::text, $1, null::text, null::text, null::text, null::text, null::text
$$;
create function standardize_address(lextab text, gaztab text, rultab text, address text) returns stdaddr
    language sql immutable strict
return row(null, null, null, null, null, address, null, null, null, null, null, null, null, null, null, null)::stdaddr;
