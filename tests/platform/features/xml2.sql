create extension xml2 with schema extensions;
