"""Texts to read: (sentence, second sentence or nothing)."""

EXAMPLES = {
    "the closed file": (
        "The file is closed when the block ends, because it is no longer needed.", ""),
    "the tired animal": (
        "The animal didn't cross the street because it was too tired.", ""),
    "two banks": (
        "She walked along the bank of the river to the bank where she keeps her money.", ""),
    "sentence pair": (
        "The list of names is sorted first.", "Then the function returns its last element."),
    "repeated words": (
        "red green blue black white red green blue black white red green blue", ""),
    "Python manual": (
        "The with statement is used to wrap the execution of a block with methods defined by a "
        "context manager.", ""),
    "Chinese": ("北京大学的学生在图书馆里学习人工智能。", ""),
    "Chinese pair": ("今天的天气非常好。", "我们一起去公园散步。"),
    "long text": ("", ""),  # the beginning of the Python reference
}
