-- object: update (is_editor) on public.authors
grant update (is_editor) on public.authors to authenticated;
