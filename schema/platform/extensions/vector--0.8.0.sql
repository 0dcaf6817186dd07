-- vector for a server without it: the types hold their text, and any text passes as one. Distances are right, index access
-- methods are hash indexes under their names: they take no options, and no search uses them.
-- Source: https://github.com/pgvector/pgvector

create type vector;
create function vector_in(cstring) returns vector language internal immutable strict parallel safe as 'textin';
create function vector_out(vector) returns cstring language internal immutable strict parallel safe as 'textout';
create function vector_recv(internal) returns vector language internal stable strict parallel safe as 'textrecv';
create function vector_send(vector) returns bytea language internal stable strict parallel safe as 'textsend';
create function vector_typmod_in(cstring[]) returns integer language internal immutable strict parallel safe
    as 'varchartypmodin';
create function vector_typmod_out(integer) returns cstring language internal immutable strict parallel safe
    as 'varchartypmodout';
create type vector (
    input = vector_in, output = vector_out, receive = vector_recv, send = vector_send, typmod_in = vector_typmod_in,
    typmod_out = vector_typmod_out, storage = extended
);
create cast (vector as text) without function;
create cast (text as vector) without function;
create function vector_to_float4(vector, integer, boolean) returns real[] language sql immutable strict parallel safe
return ('{' || btrim($1::text, '[] ') || '}')::real[];
create cast (vector as real[]) with function vector_to_float4(vector, integer, boolean) as implicit;
create function array_to_vector(integer[], integer, boolean) returns vector language sql immutable strict parallel safe
return ('[' || array_to_string($1, ',') || ']')::vector;
create cast (integer[] as vector) with function array_to_vector(integer[], integer, boolean) as assignment;
create function array_to_vector(real[], integer, boolean) returns vector language sql immutable strict parallel safe
return ('[' || array_to_string($1, ',') || ']')::vector;
create cast (real[] as vector) with function array_to_vector(real[], integer, boolean) as assignment;
create function array_to_vector(double precision[], integer, boolean) returns vector language sql immutable strict parallel safe
return ('[' || array_to_string($1, ',') || ']')::vector;
create cast (double precision[] as vector) with function array_to_vector(double precision[], integer, boolean) as assignment;
create function array_to_vector(numeric[], integer, boolean) returns vector language sql immutable strict parallel safe
return ('[' || array_to_string($1, ',') || ']')::vector;
create cast (numeric[] as vector) with function array_to_vector(numeric[], integer, boolean) as assignment;
create function l2_distance(vector, vector) returns double precision language sql immutable strict parallel safe
begin atomic
    select sqrt(sum((a - b) ^ 2)) from unnest($1::real[]::double precision[], $2::real[]::double precision[]) as u (a, b);
end;
create function l1_distance(vector, vector) returns double precision language sql immutable strict parallel safe
begin atomic
    select sum(abs(a - b)) from unnest($1::real[]::double precision[], $2::real[]::double precision[]) as u (a, b);
end;
create function inner_product(vector, vector) returns double precision language sql immutable strict parallel safe
begin atomic
    select sum(a * b) from unnest($1::real[]::double precision[], $2::real[]::double precision[]) as u (a, b);
end;
create function vector_negative_inner_product(vector, vector) returns double precision
    language sql immutable strict parallel safe
return -inner_product($1, $2);
create function cosine_distance(vector, vector) returns double precision language sql immutable strict parallel safe
begin atomic
    select 1 - sum(a * b) / nullif(sqrt(sum(a ^ 2)) * sqrt(sum(b ^ 2)), 0)
    from unnest($1::real[]::double precision[], $2::real[]::double precision[]) as u (a, b);
end;
create function l2_norm(vector) returns double precision language sql immutable strict parallel safe
begin atomic
    select sqrt(sum(a ^ 2)) from unnest($1::real[]::double precision[]) as u (a);
end;
create function vector_dims(vector) returns integer language sql immutable strict parallel safe
return cardinality($1::real[]);
create function l2_normalize(vector) returns vector language sql immutable strict parallel safe
begin atomic
    select ('[' || string_agg((a / l2_norm($1))::text, ',' order by i) || ']')::vector
    from unnest($1::real[]) with ordinality as u (a, i);
end;
create operator <-> (leftarg = vector, rightarg = vector, procedure = l2_distance, commutator = <->);
create operator <#> (leftarg = vector, rightarg = vector, procedure = vector_negative_inner_product, commutator = <#>);
create operator <=> (leftarg = vector, rightarg = vector, procedure = cosine_distance, commutator = <=>);
create operator <+> (leftarg = vector, rightarg = vector, procedure = l1_distance, commutator = <+>);
create function vector_eq(vector, vector) returns boolean language sql immutable strict parallel safe
return $1::real[] = $2::real[];
create operator = (leftarg = vector, rightarg = vector, procedure = vector_eq);
create function vector_ne(vector, vector) returns boolean language sql immutable strict parallel safe
return $1::real[] <> $2::real[];
create operator <> (leftarg = vector, rightarg = vector, procedure = vector_ne);
create function vector_lt(vector, vector) returns boolean language sql immutable strict parallel safe
return $1::real[] < $2::real[];
create operator < (leftarg = vector, rightarg = vector, procedure = vector_lt);
create function vector_le(vector, vector) returns boolean language sql immutable strict parallel safe
return $1::real[] <= $2::real[];
create operator <= (leftarg = vector, rightarg = vector, procedure = vector_le);
create function vector_gt(vector, vector) returns boolean language sql immutable strict parallel safe
return $1::real[] > $2::real[];
create operator > (leftarg = vector, rightarg = vector, procedure = vector_gt);
create function vector_ge(vector, vector) returns boolean language sql immutable strict parallel safe
return $1::real[] >= $2::real[];
create operator >= (leftarg = vector, rightarg = vector, procedure = vector_ge);
create function vector_cmp(vector, vector) returns integer language sql immutable strict parallel safe
return btarraycmp($1::real[], $2::real[]);
create operator class vector_ops default for type vector using btree as
    operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 vector_cmp(vector, vector);
create function vector_hash(vector) returns integer language sql immutable strict parallel safe
return hashtext($1::text);
create function vector_add(vector, vector) returns vector language sql immutable strict parallel safe
begin atomic
    select ('[' || string_agg((a + b)::text, ',' order by i) || ']')::vector
    from unnest($1::real[], $2::real[]) with ordinality as u (a, b, i);
end;
create operator + (leftarg = vector, rightarg = vector, procedure = vector_add, commutator = +);
create function vector_sub(vector, vector) returns vector language sql immutable strict parallel safe
begin atomic
    select ('[' || string_agg((a - b)::text, ',' order by i) || ']')::vector
    from unnest($1::real[], $2::real[]) with ordinality as u (a, b, i);
end;
create operator - (leftarg = vector, rightarg = vector, procedure = vector_sub);
create function vector_mul(vector, vector) returns vector language sql immutable strict parallel safe
begin atomic
    select ('[' || string_agg((a * b)::text, ',' order by i) || ']')::vector
    from unnest($1::real[], $2::real[]) with ordinality as u (a, b, i);
end;
create operator * (leftarg = vector, rightarg = vector, procedure = vector_mul, commutator = *);
create function vector_sum_step(real[], vector) returns real[] language sql immutable parallel safe
begin atomic
    select array_agg(coalesce(a, 0) + coalesce(b, 0) order by i)
    from unnest($1, $2::real[]) with ordinality as u (a, b, i);
end;
create function vector_sum_end(real[]) returns vector language sql immutable parallel safe
return array_to_vector($1, -1, false);
create aggregate sum(vector) (sfunc = vector_sum_step, stype = real[], finalfunc = vector_sum_end);
create function vector_avg_step(real[], vector) returns real[] language sql immutable parallel safe
begin atomic
    select array[coalesce($1[1], 0) + 1] || array_agg(coalesce(a, 0) + coalesce(b, 0) order by i)
    from unnest($1[2:], $2::real[]) with ordinality as u (a, b, i);
end;
create function vector_avg_end(real[]) returns vector language sql immutable parallel safe
begin atomic
    select array_to_vector(array_agg(a / $1[1] order by i), -1, false) from unnest($1[2:]) with ordinality as u (a, i);
end;
create aggregate avg(vector) (sfunc = vector_avg_step, stype = real[], finalfunc = vector_avg_end);
create function binary_quantize(vector) returns bit varying language sql immutable strict parallel safe
begin atomic
    select string_agg(case when a > 0 then '1' else '0' end, '' order by i)::bit varying
    from unnest($1::real[]) with ordinality as u (a, i);
end;
create function subvector(vector, integer, integer) returns vector language sql immutable strict parallel safe
return array_to_vector(($1::real[])[$2:$2 + $3 - 1], -1, false);
create type halfvec;
create function halfvec_in(cstring) returns halfvec language internal immutable strict parallel safe as 'textin';
create function halfvec_out(halfvec) returns cstring language internal immutable strict parallel safe as 'textout';
create function halfvec_recv(internal) returns halfvec language internal stable strict parallel safe as 'textrecv';
create function halfvec_send(halfvec) returns bytea language internal stable strict parallel safe as 'textsend';
create function halfvec_typmod_in(cstring[]) returns integer language internal immutable strict parallel safe
    as 'varchartypmodin';
create function halfvec_typmod_out(integer) returns cstring language internal immutable strict parallel safe
    as 'varchartypmodout';
create type halfvec (
    input = halfvec_in, output = halfvec_out, receive = halfvec_recv, send = halfvec_send, typmod_in = halfvec_typmod_in,
    typmod_out = halfvec_typmod_out, storage = extended
);
create cast (halfvec as text) without function;
create cast (text as halfvec) without function;
create function halfvec_to_float4(halfvec, integer, boolean) returns real[] language sql immutable strict parallel safe
return ('{' || btrim($1::text, '[] ') || '}')::real[];
create cast (halfvec as real[]) with function halfvec_to_float4(halfvec, integer, boolean) as implicit;
create function array_to_halfvec(integer[], integer, boolean) returns halfvec language sql immutable strict parallel safe
return ('[' || array_to_string($1, ',') || ']')::halfvec;
create cast (integer[] as halfvec) with function array_to_halfvec(integer[], integer, boolean) as assignment;
create function array_to_halfvec(real[], integer, boolean) returns halfvec language sql immutable strict parallel safe
return ('[' || array_to_string($1, ',') || ']')::halfvec;
create cast (real[] as halfvec) with function array_to_halfvec(real[], integer, boolean) as assignment;
create function array_to_halfvec(double precision[], integer, boolean) returns halfvec language sql immutable strict parallel safe
return ('[' || array_to_string($1, ',') || ']')::halfvec;
create cast (double precision[] as halfvec) with function array_to_halfvec(double precision[], integer, boolean) as assignment;
create function array_to_halfvec(numeric[], integer, boolean) returns halfvec language sql immutable strict parallel safe
return ('[' || array_to_string($1, ',') || ']')::halfvec;
create cast (numeric[] as halfvec) with function array_to_halfvec(numeric[], integer, boolean) as assignment;
create function l2_distance(halfvec, halfvec) returns double precision language sql immutable strict parallel safe
begin atomic
    select sqrt(sum((a - b) ^ 2)) from unnest($1::real[]::double precision[], $2::real[]::double precision[]) as u (a, b);
end;
create function l1_distance(halfvec, halfvec) returns double precision language sql immutable strict parallel safe
begin atomic
    select sum(abs(a - b)) from unnest($1::real[]::double precision[], $2::real[]::double precision[]) as u (a, b);
end;
create function inner_product(halfvec, halfvec) returns double precision language sql immutable strict parallel safe
begin atomic
    select sum(a * b) from unnest($1::real[]::double precision[], $2::real[]::double precision[]) as u (a, b);
end;
create function halfvec_negative_inner_product(halfvec, halfvec) returns double precision
    language sql immutable strict parallel safe
return -inner_product($1, $2);
create function cosine_distance(halfvec, halfvec) returns double precision language sql immutable strict parallel safe
begin atomic
    select 1 - sum(a * b) / nullif(sqrt(sum(a ^ 2)) * sqrt(sum(b ^ 2)), 0)
    from unnest($1::real[]::double precision[], $2::real[]::double precision[]) as u (a, b);
end;
create function l2_norm(halfvec) returns double precision language sql immutable strict parallel safe
begin atomic
    select sqrt(sum(a ^ 2)) from unnest($1::real[]::double precision[]) as u (a);
end;
create function vector_dims(halfvec) returns integer language sql immutable strict parallel safe
return cardinality($1::real[]);
create function l2_normalize(halfvec) returns halfvec language sql immutable strict parallel safe
begin atomic
    select ('[' || string_agg((a / l2_norm($1))::text, ',' order by i) || ']')::halfvec
    from unnest($1::real[]) with ordinality as u (a, i);
end;
create operator <-> (leftarg = halfvec, rightarg = halfvec, procedure = l2_distance, commutator = <->);
create operator <#> (leftarg = halfvec, rightarg = halfvec, procedure = halfvec_negative_inner_product, commutator = <#>);
create operator <=> (leftarg = halfvec, rightarg = halfvec, procedure = cosine_distance, commutator = <=>);
create operator <+> (leftarg = halfvec, rightarg = halfvec, procedure = l1_distance, commutator = <+>);
create function halfvec_eq(halfvec, halfvec) returns boolean language sql immutable strict parallel safe
return $1::real[] = $2::real[];
create operator = (leftarg = halfvec, rightarg = halfvec, procedure = halfvec_eq);
create function halfvec_ne(halfvec, halfvec) returns boolean language sql immutable strict parallel safe
return $1::real[] <> $2::real[];
create operator <> (leftarg = halfvec, rightarg = halfvec, procedure = halfvec_ne);
create function halfvec_lt(halfvec, halfvec) returns boolean language sql immutable strict parallel safe
return $1::real[] < $2::real[];
create operator < (leftarg = halfvec, rightarg = halfvec, procedure = halfvec_lt);
create function halfvec_le(halfvec, halfvec) returns boolean language sql immutable strict parallel safe
return $1::real[] <= $2::real[];
create operator <= (leftarg = halfvec, rightarg = halfvec, procedure = halfvec_le);
create function halfvec_gt(halfvec, halfvec) returns boolean language sql immutable strict parallel safe
return $1::real[] > $2::real[];
create operator > (leftarg = halfvec, rightarg = halfvec, procedure = halfvec_gt);
create function halfvec_ge(halfvec, halfvec) returns boolean language sql immutable strict parallel safe
return $1::real[] >= $2::real[];
create operator >= (leftarg = halfvec, rightarg = halfvec, procedure = halfvec_ge);
create function halfvec_cmp(halfvec, halfvec) returns integer language sql immutable strict parallel safe
return btarraycmp($1::real[], $2::real[]);
create operator class halfvec_ops default for type halfvec using btree as
    operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 halfvec_cmp(halfvec, halfvec);
create function halfvec_hash(halfvec) returns integer language sql immutable strict parallel safe
return hashtext($1::text);
create function halfvec_add(halfvec, halfvec) returns halfvec language sql immutable strict parallel safe
begin atomic
    select ('[' || string_agg((a + b)::text, ',' order by i) || ']')::halfvec
    from unnest($1::real[], $2::real[]) with ordinality as u (a, b, i);
end;
create operator + (leftarg = halfvec, rightarg = halfvec, procedure = halfvec_add, commutator = +);
create function halfvec_sub(halfvec, halfvec) returns halfvec language sql immutable strict parallel safe
begin atomic
    select ('[' || string_agg((a - b)::text, ',' order by i) || ']')::halfvec
    from unnest($1::real[], $2::real[]) with ordinality as u (a, b, i);
end;
create operator - (leftarg = halfvec, rightarg = halfvec, procedure = halfvec_sub);
create function halfvec_mul(halfvec, halfvec) returns halfvec language sql immutable strict parallel safe
begin atomic
    select ('[' || string_agg((a * b)::text, ',' order by i) || ']')::halfvec
    from unnest($1::real[], $2::real[]) with ordinality as u (a, b, i);
end;
create operator * (leftarg = halfvec, rightarg = halfvec, procedure = halfvec_mul, commutator = *);
create function halfvec_sum_step(real[], halfvec) returns real[] language sql immutable parallel safe
begin atomic
    select array_agg(coalesce(a, 0) + coalesce(b, 0) order by i)
    from unnest($1, $2::real[]) with ordinality as u (a, b, i);
end;
create function halfvec_sum_end(real[]) returns halfvec language sql immutable parallel safe
return array_to_halfvec($1, -1, false);
create aggregate sum(halfvec) (sfunc = halfvec_sum_step, stype = real[], finalfunc = halfvec_sum_end);
create function halfvec_avg_step(real[], halfvec) returns real[] language sql immutable parallel safe
begin atomic
    select array[coalesce($1[1], 0) + 1] || array_agg(coalesce(a, 0) + coalesce(b, 0) order by i)
    from unnest($1[2:], $2::real[]) with ordinality as u (a, b, i);
end;
create function halfvec_avg_end(real[]) returns halfvec language sql immutable parallel safe
begin atomic
    select array_to_halfvec(array_agg(a / $1[1] order by i), -1, false) from unnest($1[2:]) with ordinality as u (a, i);
end;
create aggregate avg(halfvec) (sfunc = halfvec_avg_step, stype = real[], finalfunc = halfvec_avg_end);
create function binary_quantize(halfvec) returns bit varying language sql immutable strict parallel safe
begin atomic
    select string_agg(case when a > 0 then '1' else '0' end, '' order by i)::bit varying
    from unnest($1::real[]) with ordinality as u (a, i);
end;
create function subvector(halfvec, integer, integer) returns halfvec language sql immutable strict parallel safe
return array_to_halfvec(($1::real[])[$2:$2 + $3 - 1], -1, false);
create type sparsevec;
create function sparsevec_in(cstring) returns sparsevec language internal immutable strict parallel safe as 'textin';
create function sparsevec_out(sparsevec) returns cstring language internal immutable strict parallel safe as 'textout';
create function sparsevec_recv(internal) returns sparsevec language internal stable strict parallel safe as 'textrecv';
create function sparsevec_send(sparsevec) returns bytea language internal stable strict parallel safe as 'textsend';
create function sparsevec_typmod_in(cstring[]) returns integer language internal immutable strict parallel safe
    as 'varchartypmodin';
create function sparsevec_typmod_out(integer) returns cstring language internal immutable strict parallel safe
    as 'varchartypmodout';
create type sparsevec (
    input = sparsevec_in, output = sparsevec_out, receive = sparsevec_recv, send = sparsevec_send, typmod_in = sparsevec_typmod_in,
    typmod_out = sparsevec_typmod_out, storage = extended
);
create cast (sparsevec as text) without function;
create cast (text as sparsevec) without function;
create function sparsevec_to_float4(sparsevec, integer, boolean) returns real[] language sql immutable strict parallel safe
return ('{' || btrim($1::text, '[] ') || '}')::real[];
create cast (sparsevec as real[]) with function sparsevec_to_float4(sparsevec, integer, boolean) as implicit;
create function array_to_sparsevec(integer[], integer, boolean) returns sparsevec language sql immutable strict parallel safe
return ('[' || array_to_string($1, ',') || ']')::sparsevec;
create cast (integer[] as sparsevec) with function array_to_sparsevec(integer[], integer, boolean) as assignment;
create function array_to_sparsevec(real[], integer, boolean) returns sparsevec language sql immutable strict parallel safe
return ('[' || array_to_string($1, ',') || ']')::sparsevec;
create cast (real[] as sparsevec) with function array_to_sparsevec(real[], integer, boolean) as assignment;
create function array_to_sparsevec(double precision[], integer, boolean) returns sparsevec language sql immutable strict parallel safe
return ('[' || array_to_string($1, ',') || ']')::sparsevec;
create cast (double precision[] as sparsevec) with function array_to_sparsevec(double precision[], integer, boolean) as assignment;
create function array_to_sparsevec(numeric[], integer, boolean) returns sparsevec language sql immutable strict parallel safe
return ('[' || array_to_string($1, ',') || ']')::sparsevec;
create cast (numeric[] as sparsevec) with function array_to_sparsevec(numeric[], integer, boolean) as assignment;
create function l2_distance(sparsevec, sparsevec) returns double precision language sql immutable strict parallel safe
begin atomic
    select sqrt(sum((a - b) ^ 2)) from unnest($1::real[]::double precision[], $2::real[]::double precision[]) as u (a, b);
end;
create function l1_distance(sparsevec, sparsevec) returns double precision language sql immutable strict parallel safe
begin atomic
    select sum(abs(a - b)) from unnest($1::real[]::double precision[], $2::real[]::double precision[]) as u (a, b);
end;
create function inner_product(sparsevec, sparsevec) returns double precision language sql immutable strict parallel safe
begin atomic
    select sum(a * b) from unnest($1::real[]::double precision[], $2::real[]::double precision[]) as u (a, b);
end;
create function sparsevec_negative_inner_product(sparsevec, sparsevec) returns double precision
    language sql immutable strict parallel safe
return -inner_product($1, $2);
create function cosine_distance(sparsevec, sparsevec) returns double precision language sql immutable strict parallel safe
begin atomic
    select 1 - sum(a * b) / nullif(sqrt(sum(a ^ 2)) * sqrt(sum(b ^ 2)), 0)
    from unnest($1::real[]::double precision[], $2::real[]::double precision[]) as u (a, b);
end;
create function l2_norm(sparsevec) returns double precision language sql immutable strict parallel safe
begin atomic
    select sqrt(sum(a ^ 2)) from unnest($1::real[]::double precision[]) as u (a);
end;
create function vector_dims(sparsevec) returns integer language sql immutable strict parallel safe
return cardinality($1::real[]);
create function l2_normalize(sparsevec) returns sparsevec language sql immutable strict parallel safe
begin atomic
    select ('[' || string_agg((a / l2_norm($1))::text, ',' order by i) || ']')::sparsevec
    from unnest($1::real[]) with ordinality as u (a, i);
end;
create operator <-> (leftarg = sparsevec, rightarg = sparsevec, procedure = l2_distance, commutator = <->);
create operator <#> (leftarg = sparsevec, rightarg = sparsevec, procedure = sparsevec_negative_inner_product, commutator = <#>);
create operator <=> (leftarg = sparsevec, rightarg = sparsevec, procedure = cosine_distance, commutator = <=>);
create operator <+> (leftarg = sparsevec, rightarg = sparsevec, procedure = l1_distance, commutator = <+>);
create function sparsevec_eq(sparsevec, sparsevec) returns boolean language sql immutable strict parallel safe
return $1::real[] = $2::real[];
create operator = (leftarg = sparsevec, rightarg = sparsevec, procedure = sparsevec_eq);
create function sparsevec_ne(sparsevec, sparsevec) returns boolean language sql immutable strict parallel safe
return $1::real[] <> $2::real[];
create operator <> (leftarg = sparsevec, rightarg = sparsevec, procedure = sparsevec_ne);
create function sparsevec_lt(sparsevec, sparsevec) returns boolean language sql immutable strict parallel safe
return $1::real[] < $2::real[];
create operator < (leftarg = sparsevec, rightarg = sparsevec, procedure = sparsevec_lt);
create function sparsevec_le(sparsevec, sparsevec) returns boolean language sql immutable strict parallel safe
return $1::real[] <= $2::real[];
create operator <= (leftarg = sparsevec, rightarg = sparsevec, procedure = sparsevec_le);
create function sparsevec_gt(sparsevec, sparsevec) returns boolean language sql immutable strict parallel safe
return $1::real[] > $2::real[];
create operator > (leftarg = sparsevec, rightarg = sparsevec, procedure = sparsevec_gt);
create function sparsevec_ge(sparsevec, sparsevec) returns boolean language sql immutable strict parallel safe
return $1::real[] >= $2::real[];
create operator >= (leftarg = sparsevec, rightarg = sparsevec, procedure = sparsevec_ge);
create function sparsevec_cmp(sparsevec, sparsevec) returns integer language sql immutable strict parallel safe
return btarraycmp($1::real[], $2::real[]);
create operator class sparsevec_ops default for type sparsevec using btree as
    operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 sparsevec_cmp(sparsevec, sparsevec);
create function sparsevec_hash(sparsevec) returns integer language sql immutable strict parallel safe
return hashtext($1::text);
create function hamming_distance(bit, bit) returns double precision language sql immutable strict parallel safe
return bit_count($1 # $2);
create function jaccard_distance(bit, bit) returns double precision language sql immutable strict parallel safe
return 1 - coalesce(bit_count($1 & $2)::double precision / nullif(bit_count($1 | $2), 0), 0);
create operator <~> (leftarg = bit, rightarg = bit, procedure = hamming_distance, commutator = <~>);
create operator <%> (leftarg = bit, rightarg = bit, procedure = jaccard_distance, commutator = <%>);

create function hnswhandler(internal) returns index_am_handler language internal as 'hashhandler';
create function ivfflathandler(internal) returns index_am_handler language internal as 'hashhandler';
create access method hnsw type index handler hnswhandler;
create access method ivfflat type index handler ivfflathandler;
create function bit_hash(bit) returns integer language sql immutable strict parallel safe return hashtext($1::text);
create function vector_to_halfvec(vector, integer, boolean) returns halfvec language sql immutable strict parallel safe
return $1::text::halfvec;
create cast (vector as halfvec) with function vector_to_halfvec(vector, integer, boolean) as assignment;
create function halfvec_to_vector(halfvec, integer, boolean) returns vector language sql immutable strict parallel safe
return $1::text::vector;
create cast (halfvec as vector) with function halfvec_to_vector(halfvec, integer, boolean) as implicit;
create operator class vector_l2_ops for type vector using hnsw as
    operator 1 =, function 1 vector_hash(vector);
create operator class vector_ip_ops for type vector using hnsw as
    operator 1 =, function 1 vector_hash(vector);
create operator class vector_cosine_ops for type vector using hnsw as
    operator 1 =, function 1 vector_hash(vector);
create operator class vector_l1_ops for type vector using hnsw as
    operator 1 =, function 1 vector_hash(vector);
create operator class vector_l2_ops default for type vector using ivfflat as
    operator 1 =, function 1 vector_hash(vector);
create operator class vector_ip_ops for type vector using ivfflat as
    operator 1 =, function 1 vector_hash(vector);
create operator class vector_cosine_ops for type vector using ivfflat as
    operator 1 =, function 1 vector_hash(vector);
create operator class halfvec_l2_ops for type halfvec using hnsw as
    operator 1 =, function 1 halfvec_hash(halfvec);
create operator class halfvec_ip_ops for type halfvec using hnsw as
    operator 1 =, function 1 halfvec_hash(halfvec);
create operator class halfvec_cosine_ops for type halfvec using hnsw as
    operator 1 =, function 1 halfvec_hash(halfvec);
create operator class halfvec_l1_ops for type halfvec using hnsw as
    operator 1 =, function 1 halfvec_hash(halfvec);
create operator class halfvec_l2_ops default for type halfvec using ivfflat as
    operator 1 =, function 1 halfvec_hash(halfvec);
create operator class halfvec_ip_ops for type halfvec using ivfflat as
    operator 1 =, function 1 halfvec_hash(halfvec);
create operator class halfvec_cosine_ops for type halfvec using ivfflat as
    operator 1 =, function 1 halfvec_hash(halfvec);
create operator class sparsevec_l2_ops for type sparsevec using hnsw as
    operator 1 =, function 1 sparsevec_hash(sparsevec);
create operator class sparsevec_ip_ops for type sparsevec using hnsw as
    operator 1 =, function 1 sparsevec_hash(sparsevec);
create operator class sparsevec_cosine_ops for type sparsevec using hnsw as
    operator 1 =, function 1 sparsevec_hash(sparsevec);
create operator class sparsevec_l1_ops for type sparsevec using hnsw as
    operator 1 =, function 1 sparsevec_hash(sparsevec);
create operator class bit_hamming_ops for type bit using hnsw as
    operator 1 =, function 1 bit_hash(bit);
create operator class bit_hamming_ops for type bit using ivfflat as
    operator 1 =, function 1 bit_hash(bit);
create operator class bit_jaccard_ops for type bit using hnsw as
    operator 1 =, function 1 bit_hash(bit);
