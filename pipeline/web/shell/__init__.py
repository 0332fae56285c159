"""What all pages share: the frame, signing in and out, the language, what goes wrong as a page."""
