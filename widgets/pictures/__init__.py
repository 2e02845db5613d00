"""The pictures: everything that paints data, each a widget of its own on one of two bases, with what they
share: scales, pictures from arrays, and places for labels. Each is given arrays, is reached and read by
keys, and says what it has written where. It knows no panel, though it may have been made for one.
"""
