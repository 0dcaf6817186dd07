-- pg_jsonschema: type, enum, const, required, properties, additionalProperties, items, their limits, allOf, anyOf, oneOf,
-- not. A schema that refers to another ($ref) is not followed: it lets pass.
-- Sources: https://supabase.com/docs/guides/database/extensions/pg_jsonschema
--          https://json-schema.org/draft/2020-12/json-schema-validation

create function _jsonschema_valid(schema jsonb, instance jsonb) returns boolean
    language plpgsql immutable set search_path = '' as $$
declare
    kind constant text := jsonb_typeof(instance);
    wanted text;
    part record;
    matching integer;
begin
    if jsonb_typeof(schema) = 'boolean' then
        return schema = 'true';
    elsif jsonb_typeof(schema) <> 'object' then
        return true;
    end if;
    if schema ? 'type' then
        if not exists (
            select from jsonb_array_elements_text(
                case jsonb_typeof(schema -> 'type') when 'array' then schema -> 'type'
                    else jsonb_build_array(schema -> 'type') end) as allowed
            where allowed = kind or (allowed = 'integer' and kind = 'number' and (instance #>> '{}')::numeric % 1 = 0)
        ) then
            return false;
        end if;
    end if;
    if (schema ? 'enum' and not exists (
            select from jsonb_array_elements(schema -> 'enum') as allowed where allowed = instance
        )) or (schema ? 'const' and schema -> 'const' <> instance)
    then
        return false;
    end if;
    if kind = 'object' then
        for wanted in select jsonb_array_elements_text(coalesce(schema -> 'required', '[]')) loop
            if not instance ? wanted then
                return false;
            end if;
        end loop;
        if (schema ->> 'minProperties')::integer > (select count(*) from jsonb_object_keys(instance))
            or (schema ->> 'maxProperties')::integer < (select count(*) from jsonb_object_keys(instance))
        then
            return false;
        end if;
        for part in select key, value from jsonb_each(instance) loop
            if coalesce(schema -> 'properties', '{}') ? part.key then
                if not @extschema@._jsonschema_valid(schema -> 'properties' -> part.key, part.value) then
                    return false;
                end if;
            elsif schema ? 'additionalProperties' and not schema ? 'patternProperties'
                and not @extschema@._jsonschema_valid(schema -> 'additionalProperties', part.value)
            then
                return false;
            end if;
        end loop;
    elsif kind = 'array' then
        if (schema ->> 'minItems')::integer > jsonb_array_length(instance)
            or (schema ->> 'maxItems')::integer < jsonb_array_length(instance)
            or ((schema ->> 'uniqueItems')::boolean
                and (select count(*) > count(distinct item) from jsonb_array_elements(instance) as item))
        then
            return false;
        end if;
        if schema ? 'items' and exists (
            select from jsonb_array_elements(instance) as item
            where not @extschema@._jsonschema_valid(schema -> 'items', item)
        ) then
            return false;
        end if;
    elsif kind = 'string' then
        if (schema ->> 'minLength')::integer > length(instance #>> '{}')
            or (schema ->> 'maxLength')::integer < length(instance #>> '{}')
            or (instance #>> '{}') !~ coalesce(schema ->> 'pattern', '')
        then
            return false;
        end if;
    elsif kind = 'number' then
        if (schema ->> 'minimum')::numeric > (instance #>> '{}')::numeric
            or (schema ->> 'maximum')::numeric < (instance #>> '{}')::numeric
            or (schema ->> 'exclusiveMinimum')::numeric >= (instance #>> '{}')::numeric
            or (schema ->> 'exclusiveMaximum')::numeric <= (instance #>> '{}')::numeric
            or (instance #>> '{}')::numeric % (schema ->> 'multipleOf')::numeric <> 0
        then
            return false;
        end if;
    end if;
    for part in
        select key, value from jsonb_each(schema) where key in ('allOf', 'anyOf', 'oneOf')
    loop
        select count(*) filter (where @extschema@._jsonschema_valid(option, instance)) into matching
        from jsonb_array_elements(part.value) as option;
        if (part.key = 'allOf' and matching < jsonb_array_length(part.value)) or (part.key = 'anyOf' and matching = 0)
            or (part.key = 'oneOf' and matching <> 1)
        then
            return false;
        end if;
    end loop;
    return not (schema ? 'not' and @extschema@._jsonschema_valid(schema -> 'not', instance));
end
$$;
create function json_matches_schema(schema json, instance json) returns boolean language sql immutable strict
return _jsonschema_valid(schema::jsonb, instance::jsonb);
create function jsonb_matches_schema(schema json, instance jsonb) returns boolean language sql immutable strict
return _jsonschema_valid(schema::jsonb, instance);
create function jsonschema_is_valid(schema json) returns boolean language sql immutable strict
return pg_catalog.json_typeof(schema) in ('object', 'boolean');
create function jsonschema_validation_errors(schema json, instance json) returns text[] language sql immutable strict
return case when _jsonschema_valid(schema::jsonb, instance::jsonb) then '{}'::text[]
    else array['the instance does not match the schema'] end;
