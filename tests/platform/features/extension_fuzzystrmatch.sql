create extension if not exists fuzzystrmatch with schema extensions;
select extensions.levenshtein('kitten', 'sitting');
