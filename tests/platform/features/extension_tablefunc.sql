create extension if not exists tablefunc with schema extensions;
