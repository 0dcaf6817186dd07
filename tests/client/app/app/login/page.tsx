'use client'

import { createClient } from '@/lib/supabase/client'

export default function Login() {
  return <button onClick={() => createClient().auth.signOut()}>Sign out</button>
}
