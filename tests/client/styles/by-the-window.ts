// @expect: CONF-01 HOLDS
// @expect: CONF-02 NOT_APPLICABLE
// @file: lib/supabase/client.ts
'use client'
import { createClient } from '@supabase/supabase-js'
const isBrowser = typeof window !== 'undefined'
export const supabase = createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, {
  auth: { persistSession: isBrowser, autoRefreshToken: isBrowser, detectSessionInUrl: isBrowser, flowType: 'pkce' } })
