"""What we say and hear, on no platform in particular.

Pure except `service.py`, which asks the world through `ports.py`.
"""
