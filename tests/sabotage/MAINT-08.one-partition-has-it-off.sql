-- object: keep on public.part_1
create table public.parted (id bigint primary key) partition by range (id);
create table public.part_1 partition of public.parted for values from (1) to (10);
alter table public.parted enable row level security;
alter table public.part_1 enable row level security;
create trigger keep before update on public.parted
for each row execute function private.stamp_read_at();
alter table public.part_1 disable trigger keep;
