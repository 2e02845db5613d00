"""The files: what the program writes and reads again for its user: run files, pictures, films, notebooks,
tables and settings. Each is written through ``visualizers.files`` and read as something that anyone may
have made. It knows records of runs, but no session that goes on and no page.
"""
