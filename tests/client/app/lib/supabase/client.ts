import { createBrowserClient } from '@supabase/ssr'
import { browser } from './options'

export function createClient() {
  return createBrowserClient(
    process.env.NEXT_PUBLIC_SUPABASE_URL!,
    process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!,
    { auth: browser },
  )
}
