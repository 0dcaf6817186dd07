-- object: A runbook, block 1: selekt public.profiles: does not parse
-- on: runbook
selekt count(*) from public.profiles;
