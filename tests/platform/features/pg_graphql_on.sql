create extension if not exists "pg_graphql" with schema "graphql";
comment on schema public is e'@graphql({"inflect_names": true})';
select graphql_public.graphql('Q', '{ __typename }');
select graphql.resolve('{ __typename }');
