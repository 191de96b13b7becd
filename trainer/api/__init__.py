"""The JSON API of the product: its blueprint, its OpenAPI document, and the glue that its resources share."""
