"""Signs that a column holds personal data: its name, or the look of its values.

Guarantees: in doubt a column's values are kept to themselves (`discreet`). Never gives a value out. Called by
`sampling` and `suspicions`.
"""

from __future__ import annotations

import re

from overgrow.draft.names import snake

_NAMED = re.compile(
    r"(^|_)(e?mail\w*|e_mail|tel|telephone|telno|mob|mobile|cell|fax|fon|telefon|handy|bic|swift|pan|ssn|sin|nino|tin|"
    r"vat_id|tax_?id|passport\w*|dob|born|gebdat\w*|geburt\w*|sur_?name|last_?(nm|name)|first_?(nm|name)|fore_?name|"
    r"maiden\w*|vorname|nachname|street|strasse|addr\w*|ip|ip_addr\w*|salary|iban\w*|birth\w*|phone\w*)(_|[0-9]|$)"
)
_ANYWHERE = re.compile(r"email|phone|iban|birth|passport|surname|mobile_?n|socialsec|social_sec|creditcard|credit_card")
_OF_SOMEBODY = re.compile(
    r"(^|_)(name|nm|user|usr|login|contact|owner|person|cust|customer|client|patient|member|employee|kunde|author|by)"
    r"(_|[0-9]|$)"
)
_VALUES = re.compile(
    r"[^@\s]+@[^@\s]+\.\w+"  # an address for e-mail
    r"|[A-Z]{2}[0-9]{2} ?(?:[A-Z0-9]{4} ?){2,7}[A-Z0-9]{1,4}"  # an IBAN
    r"|\+[0-9][0-9 ()/.-]{6,}"  # a telephone number
    r"|0[0-9]+[ /-][0-9 /-]{3,}"
    r"|[0-9]{3}-[0-9]{2}-[0-9]{4}"  # a social security number
)


def named(column: str) -> bool:
    """Whether the column's name says that it is about a person."""
    words = snake(column)
    return _NAMED.search(words) is not None or _ANYWHERE.search(words) is not None


def discreet(column: str) -> bool:
    """Whether values of the column are not to be shown, whatever they look like."""
    return named(column) or _OF_SOMEBODY.search(snake(column)) is not None


def looks_personal(value: str) -> bool:
    """Whether a value looks like an e-mail address, a telephone or account number, a social security number."""
    return _VALUES.fullmatch(value.strip()) is not None
