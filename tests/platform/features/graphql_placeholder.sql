select graphql_public.graphql(query => '{ __typename }');
grant usage on schema graphql_public to authenticated;
