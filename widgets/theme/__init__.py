"""The theme: how things look and in which language they speak, the same in the whole program: colours,
fonts, icons, marks of series, words, terms and the writing of numbers. Every widget is given it when it is
made. It knows nothing of what it is used for.
"""
