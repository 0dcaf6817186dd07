// object: lib/supabase/client.ts supabase: flowType
// file: lib/supabase/client.ts
import { createClient as make } from '@supabase/supabase-js'

const supabase = make(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!)

export const createClient = () => supabase
