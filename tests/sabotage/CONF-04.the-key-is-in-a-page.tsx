// object: app/login/page.tsx: a service-role token
// file: app/login/page.tsx
'use client'

import { createClient } from '@/lib/supabase/client'

const key = 'eyJhbGciOiAiSFMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAic3VwYWJhc2UiLCAicmVmIjogImFiY2RlZmdoaWprbCIsICJyb2xlIjogInNlcnZpY2Vfcm9sZSIsICJpYXQiOiAxNzAwMDAwMDAwLCAiZXhwIjogMjAxNTAwMDAwMH0.c2lnbmF0dXJlLW9mLW5vYm9keQ'

export default function Login() {
  return <button onClick={() => fetch('/', { headers: { apikey: key } }).then(() => createClient())}>Sign in</button>
}
