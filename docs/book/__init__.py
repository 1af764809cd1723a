"""What the site shows besides the pages of `docs`: the reference and the gallery, made when it is built."""
