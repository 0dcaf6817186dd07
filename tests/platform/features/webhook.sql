create table public.signups (id bigint primary key);
create trigger "signup-hook" after insert on public.signups for each row
    execute function supabase_functions.http_request('https://example.org/functions/v1/hook', 'POST', '{"Content-type":"application/json"}', '{}', '1000');
insert into public.signups values (1);
