"""The base: how every widget of the program behaves, whatever it shows: a mistake in it stays in it, it need
not follow every frame, and what explains it stands beside it. It knows the theme and nothing above.
"""
