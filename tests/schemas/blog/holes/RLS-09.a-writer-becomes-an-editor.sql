-- object: *: update public.authors.is_editor
grant update (is_editor) on public.authors to authenticated;
