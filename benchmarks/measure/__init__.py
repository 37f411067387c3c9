"""What runs inside a fresh process. Imports the standard library only, so that memory is honest."""
