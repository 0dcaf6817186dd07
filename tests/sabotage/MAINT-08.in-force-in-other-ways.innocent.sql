alter table public.profiles enable always trigger guard_profile;
alter table public.profiles add constraint long_enough check (length(name) >= 1) not valid;
alter table public.profiles validate constraint long_enough;
create temporary table scratch (id bigint);
alter table scratch add constraint positive check (id > 0) not valid;
do $$
begin
    if current_setting('server_version_num')::int >= 180000 then
        execute 'alter table public.profiles add constraint a_wish check (length(name) < 99) not enforced';
    end if;
end
$$;
