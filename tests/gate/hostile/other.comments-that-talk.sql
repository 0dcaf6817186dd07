-- expected: harmless
comment on table public.messages is E'<script>alert(1)</script> \x1b]0;x\x07 ::error::x';
