-- postgis_tiger_geocoder: addresses are not found.
-- Source: https://postgis.net/docs/Extras.html#Tiger_Geocoder

create type tiger.norm_addy as (
    address integer, predirabbrev varchar, streetname varchar, streettypeabbrev varchar, postdirabbrev varchar,
    internal varchar, location varchar, stateabbrev varchar, zip varchar, parsed boolean, zip4 varchar,
    address_alphanumeric varchar
);
create function tiger.normalize_address(in_rawinput varchar) returns tiger.norm_addy language sql immutable as $$
    select null::tiger.norm_addy
$$;
