// file: lib/env.ts
import { createEnv } from '@t3-oss/env-nextjs'
import { z } from 'zod'

// Which of these a browser gets is decided by their names.
export const env = createEnv({
  server: { SUPABASE_SERVICE_ROLE_KEY: z.string() },
  client: { NEXT_PUBLIC_SUPABASE_ANON_KEY: z.string() },
  runtimeEnv: {
    SUPABASE_SERVICE_ROLE_KEY: process.env.SUPABASE_SERVICE_ROLE_KEY,
    NEXT_PUBLIC_SUPABASE_ANON_KEY: process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY,
  },
})
