"""The model card of a release: words and tables from its report, pictures where the data are."""

from export.model_card.write import write_card

__all__ = ["write_card"]
