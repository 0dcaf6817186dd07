-- What access.toml declares is taken away and given again, as somebody does who writes a table's grants down anew.
revoke all on public.conversations from anon, authenticated;
grant select on public.conversations to authenticated;
