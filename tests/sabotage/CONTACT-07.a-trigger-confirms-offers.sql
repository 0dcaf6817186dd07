-- object: public.contact_exchanges
create function private.auto() returns trigger
language plpgsql set search_path = '' as $$ begin update public.contact_exchanges set confirmed_at = now()
where id = new.id; return null; end $$;
alter function private.auto() security definer;
create trigger z_auto after insert on public.contact_exchanges for each row execute function private.auto();
