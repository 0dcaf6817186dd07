create extension if not exists pgmq;
select pgmq.create('emails');
select pgmq.send('emails', '{"to": "a@example.org"}'::jsonb);
select * from pgmq.read('emails', 30, 1);
select pgmq.archive('emails', 1);
