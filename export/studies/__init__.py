"""Studies of the method: nothing that ships imports them."""
