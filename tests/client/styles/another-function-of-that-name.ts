// @expect: CONF-01 NOT_APPLICABLE
// @file: lib/supabase/client.ts
import { createClient } from 'redis'
export const cache = createClient({ url: 'redis://localhost' })
