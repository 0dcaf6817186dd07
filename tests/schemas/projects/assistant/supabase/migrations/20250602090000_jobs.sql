-- What the server does by itself: reading new documents, and cleaning up.
create table internal.jobs (
    id bigint generated always as identity primary key,
    document_id uuid not null references public.documents (id) on delete cascade,
    attempts smallint not null default 0,
    request_id bigint,
    run_after timestamptz not null default now()
);
create index jobs_document_id_idx on internal.jobs (document_id);

create function internal.secret(p_name text) returns text
    language sql stable security definer set search_path = '' as $$
    select s.decrypted_secret from vault.decrypted_secrets s where s.name = p_name
$$;

create function internal.enqueue_document() returns trigger
    language plpgsql security definer set search_path = '' as $$
begin
    insert into internal.jobs (document_id) values (new.id);
    return new;
end;
$$;
create trigger documents_enqueue after insert on public.documents
    for each row execute function internal.enqueue_document();

create function internal.run_jobs() returns void
    language plpgsql security definer set search_path = '' as $$
declare
    v_job internal.jobs;
begin
    for v_job in select * from internal.jobs where run_after <= now() and attempts < 5 order by id limit 10 for update skip locked loop
        update internal.jobs
        set attempts = attempts + 1,
            run_after = now() + interval '5 minutes',
            request_id = net.http_post(
                url := internal.secret('project_url') || '/functions/v1/read-document',
                headers := jsonb_build_object('Authorization', 'Bearer ' || internal.secret('service_key')),
                body := jsonb_build_object('document', v_job.document_id)
            )
        where id = v_job.id;
    end loop;
end;
$$;

select cron.schedule('run-jobs', '* * * * *', 'select internal.run_jobs()');
select cron.schedule('forget-old-chats', '30 3 * * *', $$delete from public.chats where created_at < now() - interval '1 year'$$);
select vault.create_secret('http://kong:8000', 'project_url', 'where the functions are');
