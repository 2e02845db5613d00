"""The commands: what the program does without a window that anyone sees, for scripts, slides and checks.
A command trains by the plain loop, or drives the program's own window on Qt's offscreen platform. Nothing
of the program needs what is here but the command line itself.
"""
