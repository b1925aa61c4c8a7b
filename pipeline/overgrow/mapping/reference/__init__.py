"""What is published of the mapping language: its reference page, the page of error codes, its JSON Schema.

Guarantees: all of it is made from the words and keys that the compiler itself uses; a test holds the published files
equal to what is made here. Never reads a project. `python -m overgrow.mapping.reference` writes the files.
"""
