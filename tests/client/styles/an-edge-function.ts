// @expect: CONF-02 VIOLATED supabase/functions/hello/index.ts:4 persistSession
// @expect: CONF-02 VIOLATED supabase/functions/hello/index.ts:4 flowType
// @expect: CONF-02 VIOLATED supabase/functions/hello/index.ts:4 autoRefreshToken
// @file: supabase/functions/hello/index.ts
import { createClient } from 'https://esm.sh/@supabase/supabase-js@2.45.0'
import { serve } from 'https://deno.land/std@0.168.0/http/server.ts'
serve(async (request) => {
  const supabase = createClient(Deno.env.get('SUPABASE_URL') ?? '', Deno.env.get('SUPABASE_ANON_KEY') ?? '', {
    global: { headers: { Authorization: request.headers.get('Authorization')! } },
  })
  return new Response('ok')
})
