"""Pure decisions of practice: memory, the wrong-answer book, what comes next, what to explain."""
