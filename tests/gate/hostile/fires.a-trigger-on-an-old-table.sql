-- expected: harmless
-- B3
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
create trigger fire before insert or update on public.messages for each row execute function public.fire();
alter table public.messages enable always trigger fire;
