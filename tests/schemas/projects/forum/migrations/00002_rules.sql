-- +goose Up
-- +goose StatementBegin
create function public.caller_is_banned() returns boolean
    language sql stable security definer set search_path = '' as $$
    select exists (select from public.authors a where a.id = (select auth.uid()) and a.banned_at is not null)
$$;
-- +goose StatementEnd
grant execute on function public.caller_is_banned() to anon, authenticated;

-- +goose StatementBegin
create function public.new_author() returns trigger
    language plpgsql security definer set search_path = '' as $$
begin
    insert into public.authors (id, handle)
    values (new.id, 'author_' || substr(replace(new.id::text, '-', ''), 1, 12));
    return new;
end;
$$;
-- +goose StatementEnd
create trigger new_author after insert on auth.users for each row execute function public.new_author();

grant select on public.topics, public.posts to anon, authenticated;
grant select on public.authors to authenticated;
grant update (bio) on public.authors to authenticated;

create policy authors_self on public.authors for select to authenticated using (id = (select auth.uid()));
create policy authors_bio on public.authors for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));

create policy topics_read on public.topics for select to anon, authenticated
    using (not locked or author_id = (select auth.uid()));
create policy topics_start on public.topics for insert to authenticated
    with check (author_id = (select auth.uid()) and not locked);
grant insert (author_id, title) on public.topics to authenticated;

create policy posts_read on public.posts for select to anon, authenticated
    using (not hidden or author_id = (select auth.uid()));
create policy posts_write on public.posts for insert to authenticated
    with check (author_id = (select auth.uid()) and not hidden);
create policy posts_edit on public.posts for update to authenticated
    using (author_id = (select auth.uid())) with check (author_id = (select auth.uid()));
grant insert (topic_id, author_id, body) on public.posts to authenticated;
grant update (body) on public.posts to authenticated;

create policy banned_do_not_write on public.posts as restrictive for insert to authenticated
    with check (not (select public.caller_is_banned()));

-- +goose Down
drop function public.caller_is_banned();
