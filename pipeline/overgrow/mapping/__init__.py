"""YAML mappings to checked, immutable, printable plans and their generated row function; pure."""

from overgrow.mapping.translators import Translator, translator

__all__ = ["Translator", "translator"]
