create table public.people (id uuid primary key references auth.users (id) on delete cascade, full_name text not null, phone text);
create table public.notes (id uuid primary key default gen_random_uuid(), author_id uuid not null references public.people (id) on delete cascade, body text not null, kind text not null check (kind in ('plain', 'rich')), hits integer not null default 0);
create table public.log (id bigint generated always as identity primary key, note_id uuid not null references public.notes (id) on delete cascade, what text not null, who uuid not null references public.people (id) on delete cascade);
create table public.counts (author_id uuid primary key references public.people (id) on delete cascade, n integer not null);
create table public.jobs (id bigint generated always as identity primary key, payload jsonb not null default '{}', done_at timestamptz);
alter table public.people enable row level security; alter table public.notes enable row level security; alter table public.log enable row level security; alter table public.counts enable row level security; alter table public.jobs enable row level security;
create policy me on public.people for select to authenticated using (id = (select auth.uid()));
create policy mine on public.notes for all to authenticated using (author_id = (select auth.uid())) with check (author_id = (select auth.uid()));
create policy mine on public.log for select to authenticated using (who = (select auth.uid()));
create policy mine on public.counts for select to authenticated using (author_id = (select auth.uid()));
create index on public.notes (author_id); create index on public.log (who); create index on public.log (note_id);
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
grant insert, update, delete on public.notes to authenticated;
-- not null violated in a statement of its own, always
create function public.write_log(p_note uuid, p_what text) returns void language plpgsql security definer set search_path = '' as $$
begin
  if auth.uid() is null then raise exception 'sign in'; end if;
  insert into public.log (note_id, what) values (p_note, p_what);
end $$;
-- check violated always
create function public.add_note(p_body text) returns uuid language plpgsql security definer set search_path = '' as $$
declare n uuid;
begin
  insert into public.notes (author_id, body, kind) values (auth.uid(), p_body, 'normal') returning id into n;
  return n;
end $$;
-- trigger with 23502 for every insert
create function public.count_note() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.counts (author_id) values (new.author_id);
  return new;
end $$;
create trigger count_note after insert on public.notes for each row execute function public.count_note();
-- error swallowed
create function public.save_phone(p_phone text) returns jsonb language plpgsql security definer set search_path = '' as $$
begin
  update public.people set phone_number = p_phone where id = auth.uid();
  return jsonb_build_object('success', true);
exception when others then
  return jsonb_build_object('success', false);
end $$;
-- twice in one transaction fails: temp table
create function public.summary() returns bigint language plpgsql security definer set search_path = '' as $$
begin
  if auth.uid() is null then return 0; end if;
  create temp table tally as select author_id, count(*) as n from public.notes group by 1;
  return (select count(*) from tally);
end $$;
-- invalid text cast always (22P02)
create function public.set_kind(p_note uuid) returns void language plpgsql security definer set search_path = '' as $$
begin
  update public.notes set hits = 'many' where id = p_note and author_id = auth.uid();
end $$;
-- without a caller (job): inserts auth.uid() into not-null
create function public.run_jobs() returns void language plpgsql security definer set search_path = '' as $$
begin
  insert into public.log (note_id, what, who) select n.id, 'job', auth.uid() from public.notes n limit 1;
end $$;
revoke execute on function public.run_jobs() from public, anon, authenticated;
grant execute on function public.run_jobs() to service_role;
-- it only reads, as the API has it, and writes
create function public.note_visit() returns integer language plpgsql stable security definer set search_path = '' as $$
begin
  if auth.uid() is null then raise exception 'sign in'; end if;
  insert into public.log (note_id, what, who) select n.id, 'seen', auth.uid() from public.notes n where n.author_id = auth.uid() limit 1;
  return 1;
end $$;
create function public.write_log_ok(p_note uuid, p_what text) returns void language plpgsql security definer set search_path = '' as $$
begin
  if auth.uid() is null then raise exception 'sign in'; end if;
  insert into public.log (note_id, what, who) select n.id, coalesce(p_what, ''), n.author_id from public.notes n where n.id = p_note and n.author_id = auth.uid();
end $$;
create function public.names_ok() returns bigint language plpgsql security definer set search_path = '' as $$
begin
  if auth.uid() is null then return 0; end if;
  return (with audit as (select id as events from public.log) select count(audit.events) from audit);
end $$;
create function public.cte_schema_ok() returns bigint language plpgsql security definer set search_path = '' as $$
begin
  if auth.uid() is null then return 0; end if;
  return (with storage as (select id as people from public.log) select count(storage.people) from storage);
end $$;
create function public.purge_ok(p_table text, p_id bigint) returns void language plpgsql security definer set search_path = '' as $$
begin
  if auth.role() <> 'service_role' then raise exception 'no'; end if;
  execute format('delete from public.%I where id = $1', p_table) using p_id;
end $$;
create function public.take_job_ok() returns void language plpgsql security definer set search_path = '' as $$
declare t text;
begin
  for t in select payload ->> 'table' from public.jobs where payload ? 'table' loop
    execute format('delete from %I', t);
  end loop;
end $$;
revoke execute on function public.purge_ok(text, bigint), public.take_job_ok() from public, anon, authenticated;
create function public.unique_ok(p_n integer) returns void language plpgsql security definer set search_path = '' as $$
begin
  if auth.uid() is null then return; end if;
  insert into public.counts (author_id, n) values (auth.uid(), coalesce(p_n, 0));
end $$;
