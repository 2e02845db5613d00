"""The session: one run and all that is known of it, from its start to what is seen of it now, with the ways
to try something and to come back. It speaks with a worker of the engine and tells by Qt's signals what
became of it; it draws nothing and knows no widget. The window, tests and commands drive it by its verbs.
"""
