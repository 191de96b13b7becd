"""The Flask kit that all roofs share. It knows no feature: features register with it what it needs of them."""
