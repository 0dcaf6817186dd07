select coalesce(j.jobname::pg_catalog.text, 'unnamed ' || pg_catalog.md5(j.command)) as name, j.jobname is null as unnamed,
       j.schedule, j.command, j.username::pg_catalog.text, j.active
from cron.job j where j.database = pg_catalog.current_database()
