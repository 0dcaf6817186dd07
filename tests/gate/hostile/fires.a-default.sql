-- expected: harmless
create function public.escape() returns integer language plpgsql volatile as $$
begin
    begin
        copy (select 1) to program 'touch @marker@';
    exception when insufficient_privilege then null;
    end;
    return 1;
end
$$;
create table public.baited (id integer primary key default public.escape(), note text);
alter table public.baited enable row level security;
