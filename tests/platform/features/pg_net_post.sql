create extension if not exists "pg_net" with schema "extensions";
create function public.notify_slack() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    perform net.http_post(
        url := 'https://hooks.example.org/services/1',
        body := jsonb_build_object('text', new.title),
        headers := jsonb_build_object('Content-Type', 'application/json', 'Authorization', 'Bearer x')
    );
    return new;
end $$;
create table public.alerts (id bigint generated always as identity, title text);
create trigger alerts_to_slack after insert on public.alerts for each row execute function public.notify_slack();
insert into public.alerts (title) values ('fire');
do $$ begin
    if (select url from net.http_request_queue) <> 'https://hooks.example.org/services/1' then raise exception 'not recorded'; end if;
end $$;
