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
create domain public.word as text check (public.escape() = 1);
alter table public.messages add column word public.word default 'x';
