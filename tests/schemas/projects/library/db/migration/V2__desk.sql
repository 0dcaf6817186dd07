-- The desk's own functions.
create function public.lend(p_copy bigint, p_patron uuid) returns bigint
    language plpgsql security definer set search_path = '' as $$
declare
    v_loan bigint;
begin
    if not public.is_librarian() then
        raise exception 'only at the desk' using errcode = '42501';
    end if;
    update public.copies set state = 'out' where id = p_copy and state = 'in';
    if not found then
        raise exception 'this copy is not here';
    end if;
    insert into public.loans (copy_id, patron_id) values (p_copy, p_patron) returning id into v_loan;
    return v_loan;
end;
$$;
grant execute on function public.lend(bigint, uuid) to authenticated;

create function public.take_back(p_copy bigint) returns void
    language plpgsql security definer set search_path = '' as $$
begin
    update public.loans set returned_at = now() where copy_id = p_copy and returned_at is null;
    update public.copies set state = 'in' where id = p_copy;
end;
$$;
grant execute on function public.take_back(bigint) to authenticated;

create function public.fine_of(p_loan bigint) returns numeric
    language plpgsql stable set search_path = '' as $$
begin
    return (select greatest(current_date - l.due_date, 0) * 0.2 from public.loans l where l.id = p_loan);
end;
$$;
grant execute on function public.fine_of(bigint) to authenticated;
