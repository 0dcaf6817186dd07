"""A database to ask: embedded, container, live, and the shadow of a live one."""
