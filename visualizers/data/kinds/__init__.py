"""One file for each kind of data: its ``KIND``. Found by scanning."""
