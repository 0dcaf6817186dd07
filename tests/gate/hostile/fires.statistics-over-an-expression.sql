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
create statistics public.bait on (public.escape() + length(content)), sender_id from public.messages;
analyze public.messages;
