-- expected: refused
do $$ begin
    execute 'alter table auth.sessions add column device text';
end $$;
