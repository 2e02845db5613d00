"""One file for each text, set of labelled texts, table and model: its ``SOURCE``. Found by scanning."""
