create extension autoinc with schema extensions;
