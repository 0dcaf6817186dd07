-- on: gate
-- object: 29990101000000_a-column-is-emptied.sql: values of public.profiles.location
update public.profiles set location = null;
