"""Pages of the documentation that are generated from the code, the template and the OpenAPI document."""
