// @expect: CONF-01 HOLDS
// @expect: CONF-02 HOLDS
// @file: package.json
{ "dependencies": { "next": "15" } }
// @file: lib/supabase.ts
import { createClient } from '@supabase/supabase-js'
const onServer = typeof window === 'undefined'
export const supabase = createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, { auth: onServer
  ? { persistSession: false, autoRefreshToken: false, flowType: 'pkce' }
  : { flowType: 'pkce' } })
// @file: app/form.tsx
'use client'
import { supabase } from '@/lib/supabase'
export const Form = () => <button onClick={() => supabase.auth.signOut()} />
// @file: app/api/route.ts
import { supabase } from '@/lib/supabase'
export async function GET() { return Response.json(await supabase.from('t').select()) }
