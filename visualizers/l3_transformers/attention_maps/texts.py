"""Texts to read: (sentence, second sentence or nothing)."""

EXAMPLES = {
    "the tired animal": (
        "The animal didn't cross the street because it was too tired.", ""),
    "two banks": (
        "She walked along the bank of the river to the bank where she keeps her money.", ""),
    "sentence pair": (
        "A man is playing a guitar on the stage.", "The musician performs for a large crowd."),
    "repeated words": (
        "red green blue black white red green blue black white red green blue", ""),
    "Python manual": (
        "The with statement is used to wrap the execution of a block with methods defined by a "
        "context manager.", ""),
    "Chinese": ("北京大学的学生在图书馆里学习人工智能。", ""),
    "Chinese pair": ("今天的天气非常好。", "我们一起去公园散步。"),
    "long text": ("", ""),  # the beginning of the Python reference
}
