-- object: auth_service: stay signed in
create function private.forget_session() returns trigger language plpgsql as 'begin return null; end';
create trigger forget before insert on auth.refresh_tokens for each row
    when (new.parent is not null) execute function private.forget_session();
