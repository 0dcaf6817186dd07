create extension citext schema extensions;
create extension "btree_gist" schema extensions;
