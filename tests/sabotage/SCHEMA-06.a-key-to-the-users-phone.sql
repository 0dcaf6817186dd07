-- object: calls_phone_fkey on private.calls
-- also: PERF-04
create table private.calls (id bigint primary key, phone text references auth.users (phone));
