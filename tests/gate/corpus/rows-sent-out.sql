-- expect: MIG-06 line 3 rows sent out by trigger hook of private.stops
-- expect: MIG-06 line 8 rows sent out by trigger heard of private.labels
create trigger hook after insert on private.stops for each row
execute function supabase_functions.http_request('https://example.org/hook', 'POST', '{}', '{}', '1000');
create function private.say() returns trigger language plpgsql set search_path = '' as $$
declare payload text := row_to_json(new)::text;
begin perform pg_notify('labels', payload); return new; end $$;
create trigger heard after insert on private.labels for each row execute function private.say();
