-- on: gate
update public.profiles set location = 'somewhere' where location is null;
