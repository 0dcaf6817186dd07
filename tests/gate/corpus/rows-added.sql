insert into private.labels select n, 1, 'new' from generate_series(1000, 1200) as n;
