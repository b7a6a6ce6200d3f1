"""Everything that is kept, and everything that is fetched in order to be kept."""
