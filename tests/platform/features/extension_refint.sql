create extension refint with schema extensions;
