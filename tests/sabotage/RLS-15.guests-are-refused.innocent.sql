alter policy "approved members read open requests and their own affairs" on public.help_requests
using (
    coalesce((select auth.jwt()) ->> 'is_anonymous', 'false') <> 'true'
    and (
        ((select private.is_approved())
            and (status = 'open' or user_id = (select auth.uid()) or helper_id = (select auth.uid())))
        or (select private.is_admin())
    )
);
