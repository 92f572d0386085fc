"""The store: tables, and by family the queries and writes on them."""
