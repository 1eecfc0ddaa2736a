"""Sentences that pages can say in another language."""

import json

from texts.sentence import Sentence, of_json, translated


def test_words_in_a_row_are_joined_as_the_language_does():
    sentence = Sentence("there are %(names)s", names=["a", "b"])
    chinese = {"there are %(names)s": "有 %(names)s", ", ": "、"}
    for one in (sentence, of_json(json.loads(json.dumps(sentence.as_json())))):
        assert one == "there are a, b"
        assert translated(one, lambda text: chinese.get(text, text)) == "有 a、b"
