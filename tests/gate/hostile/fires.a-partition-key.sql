-- expected: harmless
create function public.escape_really() returns integer language plpgsql volatile as $$
begin
    begin
        copy (select 1) to program 'touch @marker@';
    exception when insufficient_privilege then null;
    end;
    return 1;
end
$$;
create function public.escape() returns integer language plpgsql immutable as
    'begin return public.escape_really(); end';
create table public.parts (n integer not null) partition by list ((n * 1));
create table public.parts_1 partition of public.parts (check (public.escape() = 1)) for values in (1);
alter table public.parts enable row level security;
alter table public.parts_1 enable row level security;
