-- pg_hashids: an id becomes letters and back; not the letters of the real one.
-- Source: https://supabase.com/docs/guides/database/extensions/pg_hashids

create function id_encode(numbers bigint[], salt text, min_length integer, alphabet text) returns text
    language plpgsql immutable strict set search_path = '' as $$
declare
    base constant integer := length(alphabet) - 1;
    shift constant integer := abs(('x' || substr(md5(salt), 1, 7))::bit(28)::integer);
    number bigint;
    word text;
    words text[] := '{}';
begin
    foreach number in array numbers loop
        word := '';
        loop
            word := substr(alphabet, ((number + shift) % base)::integer + 2, 1) || word;
            number := number / base;
            exit when number = 0;
        end loop;
        words := words || word;
    end loop;
    -- The first letter of the alphabet separates, and leads as often as it takes to be long enough.
    return lpad(array_to_string(words, left(alphabet, 1)), greatest(min_length, length(array_to_string(words, ' '))),
        left(alphabet, 1));
end
$$;
create function id_decode(hash text, salt text, min_length integer, alphabet text) returns bigint[]
    language plpgsql immutable strict set search_path = '' as $$
declare
    base constant integer := length(alphabet) - 1;
    shift constant integer := abs(('x' || substr(md5(salt), 1, 7))::bit(28)::integer) % base;
    word text;
    number bigint;
    numbers bigint[] := '{}';
begin
    foreach word in array string_to_array(ltrim(hash, left(alphabet, 1)), left(alphabet, 1)) loop
        number := 0;
        for i in 1 .. length(word) loop
            number := number * base + (strpos(alphabet, substr(word, i, 1)) - 2 - shift + base) % base;
        end loop;
        numbers := numbers || number;
    end loop;
    return numbers;
end
$$;
create function id_encode(number bigint) returns text language sql immutable strict
return id_encode(array[number], '', 0, 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890');
create function id_encode(number bigint, salt text) returns text language sql immutable strict
return id_encode(array[number], salt, 0, 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890');
create function id_encode(number bigint, salt text, min_length integer) returns text language sql immutable strict
return id_encode(array[number], salt, min_length, 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890');
create function id_encode(number bigint, salt text, min_length integer, alphabet text) returns text
    language sql immutable strict
return id_encode(array[number], salt, min_length, alphabet);
create function id_encode(numbers bigint[]) returns text language sql immutable strict
return id_encode(numbers, '', 0, 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890');
create function id_encode(numbers bigint[], salt text) returns text language sql immutable strict
return id_encode(numbers, salt, 0, 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890');
create function id_decode(hash text) returns bigint[] language sql immutable strict
return id_decode(hash, '', 0, 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890');
create function id_decode(hash text, salt text) returns bigint[] language sql immutable strict
return id_decode(hash, salt, 0, 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890');
create function id_decode(hash text, salt text, min_length integer) returns bigint[] language sql immutable strict
return id_decode(hash, salt, min_length, 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890');
create function id_decode_once(hash text) returns bigint language sql immutable strict return (id_decode(hash))[1];
create function id_decode_once(hash text, salt text) returns bigint language sql immutable strict
return (id_decode(hash, salt))[1];
create function id_decode_once(hash text, salt text, min_length integer) returns bigint language sql immutable strict
return (id_decode(hash, salt, min_length))[1];
