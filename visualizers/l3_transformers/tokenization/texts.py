"""What is learnt from and what is cut."""

# The example of the course: each word, and how often it stands in the text.
FOUR = {"low": 5, "lower": 2, "newest": 6, "widest": 3}
NEW = ("lowest", "newer", "wider", "slow")  # which they say nothing of

READING = {
    "English": (
        "The name of the class is bound to an object, and an unbelievable exception is raised. "
        "Rare words are rebuilt from pieces that are seen often."),
    "low and lowest": "low lower newest widest lowest newer slow",
    "Chinese": "学生在图书馆里学习大语言模型，老师很高兴。",
    "code": "for index in range(len(tokens)):\n    print(tokens[index])",
    "emoji": "Good morning ☀ 👩‍💻 🎉 café",
}
