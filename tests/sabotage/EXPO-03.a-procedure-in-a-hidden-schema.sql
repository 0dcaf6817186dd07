-- object: private."Tidy up"(text[],timestamp with time zone)
set role postgres;
create procedure private."Tidy up"(things text[], before timestamptz) language plpgsql security definer
set statement_timeout = '5s' as 'begin perform 1; end';
