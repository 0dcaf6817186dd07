create extension if not exists http with schema extensions;
create function public.geocode(q text) returns jsonb language plpgsql as $$
declare
    answer extensions.http_response;
begin
    select * into answer from extensions.http_get('https://example.org/search?q=' || extensions.urlencode(q));
    if answer.status <> 200 then
        return null;
    end if;
    return answer.content::jsonb;
end $$;
select public.geocode('Main Street 1');
