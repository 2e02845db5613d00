"""The window: all that is seen of the program around the pictures of a panel: the roadmap, pages, their
controls, guide, code and runs, sheets and menus. It asks sessions and files for what is done, and nothing
else asks it for anything. No torch is imported here, and nothing waits.
"""
