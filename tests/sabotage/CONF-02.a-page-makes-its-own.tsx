// object: app/members/page.tsx supabase: persistSession
// object: app/members/page.tsx supabase: autoRefreshToken
// object: app/members/page.tsx supabase: flowType
// file: app/members/page.tsx
import { createClient } from '@supabase/supabase-js'

export default async function Members() {
  const supabase = createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!)
  const { count } = await supabase.from('profiles').select('id', { count: 'exact', head: true })
  return <p>{count}</p>
}
