"""The controls: a panel's parameters, declared once, and what is moved, typed and pressed to change them.
They tell by signals what the user asked for and change no run themselves. They stand beside pictures and
never in them.
"""
