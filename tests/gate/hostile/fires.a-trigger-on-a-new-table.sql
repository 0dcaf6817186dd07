-- expected: harmless
-- B2: seeding fires it
create function public.escape() returns integer language plpgsql volatile as $$
begin
    begin
        copy (select 1) to program 'touch @marker@';
    exception when insufficient_privilege then null;
    end;
    return 1;
end
$$;
create function public.fire() returns trigger language plpgsql as 'begin perform public.escape(); return new; end';
create table public.baited (id bigint generated always as identity primary key, note text not null);
alter table public.baited enable row level security;
create trigger fire before insert or update or delete on public.baited for each row execute function public.fire();
alter table public.baited enable always trigger fire;
