// object: app/login/page.tsx admin: the service-role key
// file: app/login/page.tsx
'use client'

import { createClient } from '@supabase/supabase-js'

const admin = createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.SUPABASE_SERVICE_ROLE_KEY!, {
  auth: { flowType: 'pkce' },
})

export default function Login() {
  return <button onClick={() => admin.auth.signOut()}>Sign out</button>
}
