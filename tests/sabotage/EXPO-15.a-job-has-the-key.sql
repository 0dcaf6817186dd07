-- object: cron job 1
create extension pg_cron;
select cron.schedule('nightly', '0 3 * * *', $$select 1 where 'Bearer eyJhbGciOiAiSFMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAic3VwYWJhc2UiLCAicmVmIjogImFiY2RlZmdoaWprbCIsICJyb2xlIjogInNlcnZpY2Vfcm9sZSIsICJpYXQiOiAxNzAwMDAwMDAwLCAiZXhwIjogMjAxNTAwMDAwMH0.c2lnbmF0dXJlLW9mLW5vYm9keQ' <> ''$$);
