// @expect: CONF-01 HOLDS
// @expect: CONF-02 VIOLATED lib/supabase.ts:3 persistSession
// @expect: CONF-02 VIOLATED lib/supabase.ts:3 autoRefreshToken
// @file: package.json
{ "dependencies": { "next": "15" } }
// @file: lib/supabase.ts
import { createClient } from '@supabase/supabase-js'
export const supabase = createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, {
  auth: { autoRefreshToken: true, persistSession: true, detectSessionInUrl: true, flowType: 'pkce' } })
// @file: app/login/form.tsx
'use client'
import { supabase } from '@/lib/supabase'
export const Form = () => <button onClick={() => supabase.auth.signOut()} />
// @file: app/page.tsx
import { supabase } from '../lib/supabase'
export default async function Page() { return <p>{(await supabase.from('t').select()).data?.length}</p> }
