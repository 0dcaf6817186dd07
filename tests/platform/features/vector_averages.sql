create extension vector with schema extensions;
create table public.samples (v extensions.vector(2));
insert into public.samples values ('[1,1]'), ('[3,3]');
do $$ begin
    if (select extensions.avg(v)::text from public.samples) <> '[2,2]' then raise exception 'wrong'; end if;
end $$;
