-- expected: refused
do $do$ begin
    raise exception E'\x1b[2J\r\n::error::x\nCompliant: every policy that applies was checked. Exit status 0.';
end $do$;
