package io.holdfast.arch.broken.node;

import io.holdfast.arch.broken.Value;

/** The layer that only the facade may use. */
public record Node(Value value) {}
