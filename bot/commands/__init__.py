"""Commands that need more than one room and are no part of the running bot."""
