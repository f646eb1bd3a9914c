"""Every address of the site, asked by everybody, in every way, about everything."""
