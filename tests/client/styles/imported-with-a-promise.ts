// @expect: CONF-01 UNCHECKED lib/supabase/client.ts:2
// @file: lib/supabase/client.ts
export const connect = () =>
  import('@supabase/supabase-js').then(({ createClient }) => createClient('u', 'k', { auth: { flowType: 'pkce' } }))
