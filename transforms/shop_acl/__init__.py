"""The shop's anti-corruption layer: what the legacy words mean in the CRM's model."""
