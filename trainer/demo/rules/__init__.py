"""Pure rules of the demonstration city: seed, number of officers and day in, plain data out."""
