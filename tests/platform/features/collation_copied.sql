create collation public.german from "de-x-icu";
