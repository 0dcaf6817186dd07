create policy "not from the future" on public.messages as restrictive for insert with check (created_at <= now());
create temporary table scratch (id bigint primary key);
alter table scratch enable row level security;
create policy "everything" on scratch using (true);
