"""Pure decisions about papers: what is drawn, and what an answer is worth."""
