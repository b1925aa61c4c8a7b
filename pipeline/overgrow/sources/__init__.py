"""The read side of legacy databases: identity, position, publication, rows as Debezium would send them."""
