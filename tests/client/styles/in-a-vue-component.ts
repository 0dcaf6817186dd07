// @expect: CONF-01 VIOLATED src/App.vue:4 autoRefreshToken
// @file: src/App.vue
<template><p>{{ user }}</p></template>
<script setup lang="ts">
import { createClient } from '@supabase/supabase-js'
const supabase = createClient('u', 'k', { auth: { autoRefreshToken: false, flowType: 'pkce' } })
</script>
