"""What is written by hand in the reference page of the mapping language.

Guarantees: its YAML compiles and its Python holds what it says (tests). Called by `language`.
"""

from __future__ import annotations

INTRODUCTION = """\
<!-- Made by `python -m overgrow.mapping.reference`; change the code, not this page. -->
# The mapping language

One YAML document per source table says what each of its rows becomes: `transforms/<context>/<name>.yaml`. The same
document makes the bulk load, the live apply, the comparison of `verify`, the way back and the documentation.

```yaml
# yaml-language-server: $schema=../../schemas/mapping.schema.json
mapping: customers
version: 1
source: {table: public.cust, key: [cust_id]}
target: {table: new.customers, key: [customer_id]}
where: {stat_cd: {not: X}}
fields:
  customer_id:   cust_id
  name:          {from: cust_nm, do: [trim, {max_length: 120}]}
  balance_cents: {from: bal_amt, do: {minor_units: 2}}
  segment:       {const: retail}
drop: [legacy_flag]
on: {drift: stop, truncate: stop}
```

`overgrow check` finds every mistake at once, as `file:line: code: message` (the codes: [errors.md](errors.md));
`overgrow show MAPPING` prints what a mapping compiles to; `overgrow test` runs
[example rows](../how-to/test-a-mapping.md).

What holds everywhere:

- **What is written is text.** No value is reinterpreted: `no`, `0042` and `1e3` are those characters. A literal is read
  by the type of the column it stands for. Quotes matter only around what YAML itself would take apart, and in `null`:
  without them it is NULL where NULL can be meant.
- **Types are followed** from the source column through each step to the target column; what cannot fit is a problem of
  `check`, not of a row.
- **NULL stays NULL** through every step, unless the word says otherwise.
- **Nothing is cut, rounded or guessed.** A value that a step does not take sets its row aside as a dead letter, with
  the field and the cause; every other key flows on.
- **Every column is accounted for**: mapped, or dropped by name.
- There are no anchors, aliases, tags, expressions or code. What no word says is a [translator](#translators): a pure
  function of the context.
- Editors complete and check against `schemas/mapping.schema.json`, with the first line above. `overgrow show --schema`
  prints it.
"""

FIELDS = """\
The order of fields is the order of the columns that are written. A field is one of

```yaml
fields:
  customer_id: cust_id                                        # a column as it is
  name:        {from: cust_nm, do: trim}                      # through one step
  status:      {from: stat_cd, do: [{codes: {A: active}}, {default: unknown}]}   # through several
  address:     {from: [addr_1, city], do: {nest: [street, city]}}                # of several columns
  segment:     {const: retail}                                # a constant
```

Several columns need one of {several} or a translator as the first step.
A target column without a field must be nullable or have a default. Names that begin with `_og_` are overgrow's own."""

WHERE = """\
A condition on a column is a value (it is that), or a map of the following. All conditions of a map hold at once; of a
list of maps one is enough. The same filter runs in Python on each event and in SQL on the source, and both say the same
of every row; the SQL is never NULL. A row that leaves the filter is deleted from the target, one that enters it is
written."""

ALSO = """\
One source row may make rows of several targets. `fields` of the mapping are those of the first; each further one has a
name, and its rows are written in the same transaction:

```yaml
also:
  shipping:
    target: {table: new.addresses, key: [customer_id, kind]}
    where: {ship_1: {"null": false}}
    fields:
      customer_id: cust_id
      kind: {const: shipping}
      street: ship_1
```

Two targets of one mapping may be rows of one table where a constant in the key tells them apart, as `kind` does here.
The mapping's own `where` holds for all of them."""

TRANSLATORS = """\
## Translators

What only one context knows stands in `transforms/<context>/translators.py`, as a function that is named in `do` like a
word:

```python
from overgrow.mapping import translator


def legacy_code(code: str | None) -> tuple[str | None]:
    return (None if code is None else code.replace("-", ""),)


@translator(inputs=("text",), output="text", inverse=legacy_code)
def voucher_code(code: str | None) -> str | None:
    if code is None:
        return None
    if len(code) != 12 or not code.isalnum():
        raise ValueError(f"not twelve letters or digits: {code!r}")
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"
```

It takes all columns of `from` at once and is the first step, or takes what a step before it gives. `inputs` and
`output` are PostgreSQL types; values are those of the wire: text, decimals, UUIDs, JSON and instants as `str`, whole
numbers as `int`, dates as days and timestamps as microseconds since 1970, bytes as `bytes`, NULL as `None`. It does no
I/O, keeps no state, and refuses a value by `raise ValueError("why")`. `inverse` takes the result and gives the inputs
as a tuple; `overgrow test` holds every translator to it."""

BACK = """\
## The way back

A mapping is read in both directions: what the new system writes can be given back to the old one where no step loses
anything. Each word above says whether it has a way back; a field has one if all its steps have. A source column comes
back from one field that has a way back, from all the `part`s of it together, or from a filter that lets only one value
through; `overgrow show MAPPING` says for each column which, or why not."""

SIDES = """\
The target's key is made of the source's key alone, and no two source keys make the same: where a step or a translator
stands between, each row carries the source key it came from, and a collision is a dead letter."""
