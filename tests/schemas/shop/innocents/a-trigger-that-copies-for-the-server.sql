-- What changes at a customer is kept where only the server looks.
create trigger note_change after update on public.customers for each row execute function private.note_change();
