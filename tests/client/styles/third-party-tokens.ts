// @expect: CONF-01 NOT_APPLICABLE
// @file: lib/supabase/client.ts
'use client'
import { createClient } from '@supabase/supabase-js'
export const make = (session: any) => createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, { async accessToken() { return session?.getToken() } })
