-- expected: harmless
create extension if not exists pg_cron;
select cron.schedule('job', '* * * * *', $x$
    commit; reset session authorization; reset role;
    do $y$ begin copy (select 1) to program 'touch @marker@'; end $y$;
$x$);
