"""What a student file is refused for, for the tests of model files."""

from __future__ import annotations

import pytest

from sdk import ModelError
from sdk.model_file import parse_model_file


def slug_of(data: bytes) -> str:
    with pytest.raises(ModelError) as caught:
        parse_model_file(data)
    return caught.value.slug
