"""Kafka from the outside: topics, and Kafka Connect's REST interface. Reading topics is the workers' business."""
