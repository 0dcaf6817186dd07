// @expect: CONF-02 HOLDS
// @file: lib/supabase/server.ts
import { createServerClient, type CookieOptions } from '@supabase/ssr'
export const createClient = (cookieStore: any) => createServerClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, {
  cookies: { get: (name: string) => cookieStore.get(name)?.value },
  auth: { autoRefreshToken: false, persistSession: false, flowType: 'pkce' },
})
