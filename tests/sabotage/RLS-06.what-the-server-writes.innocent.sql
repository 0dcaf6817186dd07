create function private.is_moderator() returns boolean language plpgsql stable set search_path = '' as $$
begin
    -- never user_metadata: people write it themselves
    return (auth.jwt() -> 'app_metadata' ->> 'role') = 'moderator'; /* nor raw_user_meta_data */
end $$;
create function private.greet() returns text language sql stable as $$ select auth.jwt() -> 'user_metadata' ->> 'name' $$;
grant execute on function private.is_moderator(), private.greet() to authenticated;
create table public.settings (
    user_id uuid primary key, kind text not null, user_metadata jsonb not null default '{}'
);
alter table public.settings enable row level security;
grant select on public.settings to authenticated;
create policy "own settings" on public.settings for select to authenticated
using (user_id = (select auth.uid()) and kind = 'user_metadata'
       or (select private.is_moderator()) or ((select auth.jwt()) -> 'app_metadata' ->> 'user_metadata_reader') = 'yes');
