"""The demonstration city: a made-up prefecture with its units, people, exams and a competition."""
