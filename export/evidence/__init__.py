"""What a teacher knew, kept small: its logits on evaluation frames, recorded and read back."""
