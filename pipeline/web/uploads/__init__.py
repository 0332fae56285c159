"""The upload desk over HTTP: papers come in, are judged, read and followed; and its page for a phone."""
