-- expected: refused
create function public.escape() returns integer language plpgsql volatile as $$
begin
    begin
        copy (select 1) to program 'touch @marker@';
    exception when insufficient_privilege then null;
    end;
    return 1;
end
$$;
alter function public.escape() owner to supabase_admin;
