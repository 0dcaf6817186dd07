// @expect: CONF-02 VIOLATED lib/supabase/server.ts:4 persistSession
// @file: lib/supabase/server.ts
import { createServerClient } from '@supabase/ssr'
export const createClient = (cookieStore: any) => createServerClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, {
  cookies: cookieStore,
  auth: { persistSession: true, autoRefreshToken: false, flowType: 'pkce' },
})
