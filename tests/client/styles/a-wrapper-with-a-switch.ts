// @expect: CONF-01 HOLDS
// @expect: CONF-02 HOLDS
// @file: lib/supabase/make.ts
import { createClient } from '@supabase/supabase-js'
export const make = ({ server = false }: { server?: boolean } = {}) =>
  createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, {
    auth: { autoRefreshToken: !server, persistSession: server ? false : true, flowType: 'pkce', detectSessionInUrl: !server },
  })
// @file: lib/supabase/client.ts
'use client'
import { make } from './make'
export const supabase = make()
// @file: lib/supabase/server.ts
import 'server-only'
import { make } from './make'
export const supabase = make({ server: true })
