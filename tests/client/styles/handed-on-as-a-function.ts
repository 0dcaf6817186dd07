// @expect: CONF-01 UNCHECKED lib/supabase/client.ts:3
// @file: lib/supabase/client.ts
import { createClient } from '@supabase/supabase-js'
import { memo } from 'memo'
export const make = memo(createClient)
