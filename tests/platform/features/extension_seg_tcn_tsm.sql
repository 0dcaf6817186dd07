create extension seg with schema extensions;
create extension tcn with schema extensions;
create extension tsm_system_rows with schema extensions;
create extension tsm_system_time with schema extensions;
