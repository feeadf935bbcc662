"""What the pages share: the frame, safe rendering of dataset text, actions, panels and the server."""
