// @expect: CONF-01 HOLDS
// @expect: CONF-02 HOLDS
// @file: package.json
{ "dependencies": { "next": "15" } }
// @file: lib/db/one.ts
import { createClient } from '@supabase/supabase-js'
export const one = createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, { auth: { autoRefreshToken: true, persistSession: true, detectSessionInUrl: true, flowType: 'pkce' } })
// @file: lib/db/two.ts
import { createClient } from '@supabase/supabase-js'
export const two = createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, { auth: { autoRefreshToken: false, persistSession: false, flowType: 'pkce' } })
// @file: lib/db/index.ts
export { one } from './one'
export { two as other } from './two'
// @file: components/form.tsx
'use client'
import { one } from '@/lib/db'
export const Form = () => <button onClick={() => one.auth.signOut()} />
// @file: app/api/route.ts
import { other } from '@/lib/db'
export async function GET() { return Response.json(await other.from('t').select()) }
