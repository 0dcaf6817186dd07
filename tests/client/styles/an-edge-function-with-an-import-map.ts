// @expect: CONF-02 HOLDS
// @file: supabase/functions/deno.json
{ "imports": { "supabase": "npm:@supabase/supabase-js@2" } }
// @file: supabase/functions/hello/index.ts
import { createClient } from 'supabase'
Deno.serve(async () => {
  const supabase = createClient('u', 'k', { auth: { autoRefreshToken: false, persistSession: false, flowType: 'pkce' } })
  return new Response(String(supabase))
})
