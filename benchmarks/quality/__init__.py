"""Quality of the very artefact whose speed was measured, with intervals over patients."""
