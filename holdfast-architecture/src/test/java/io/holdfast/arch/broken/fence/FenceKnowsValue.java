package io.holdfast.arch.broken.fence;

import io.holdfast.arch.broken.Value;

/** No breach. */
public record FenceKnowsValue(Value value) {}
