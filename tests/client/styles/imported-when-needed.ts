// @expect: CONF-01 VIOLATED lib/supabase/client.ts:3 persistSession
// @file: lib/supabase/client.ts
export async function connect() {
  const { createClient } = await import('@supabase/supabase-js')
  return createClient('u', 'k', { auth: { flowType: 'pkce', persistSession: false } })
}
