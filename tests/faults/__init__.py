"""Records that no CRM should give, and some do: each is stored exactly, or set aside with its reason until it is mended."""
