create extension moddatetime;
alter extension moddatetime set schema extensions;
