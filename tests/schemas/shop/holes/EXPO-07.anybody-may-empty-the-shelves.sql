-- object: public.stock_levels
grant truncate on public.stock_levels to authenticated;
