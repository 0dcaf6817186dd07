create extension insert_username with schema extensions;
create table public.edits (who text, what text);
create trigger edits_by before insert on public.edits for each row execute function extensions.insert_username(who);
insert into public.edits (what) values ('x');
