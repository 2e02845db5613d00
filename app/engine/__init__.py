"""The engine: the processes in which torch works, what they say to the window, and the moments of a run
that they keep. It knows panels' declarations and no Qt; torch is imported inside a worker only. Whoever
wants something trained or written beside the window asks it here.
"""
