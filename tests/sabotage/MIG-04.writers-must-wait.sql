-- on: gate
-- object: 29990101000000_writers-must-wait.sql: public.messages (an explicit lock)
set lock_timeout = '2s';
lock table public.messages in share mode;
