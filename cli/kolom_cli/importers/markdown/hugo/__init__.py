"""Read the sites of Hugo, and of Zola, which are similar: sections, page bundles and languages."""
