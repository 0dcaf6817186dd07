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
create materialized view private.copy as select public.escape() as n;
refresh materialized view private.copy;
create view public.shown with (security_invoker = true) as select public.escape() as n;
