-- object: *products_sku*
create unique index products_sku on public.products (sku);
