// @expect: CONF-01 VIOLATED index.html:5 flowType
// @file: index.html
<!doctype html>
<script src="https://cdn.jsdelivr.net/npm/@supabase/supabase-js@2"></script>
<script>
  const { createClient } = supabase
  const client = createClient('https://x.supabase.co', 'sb_publishable_x')
</script>
