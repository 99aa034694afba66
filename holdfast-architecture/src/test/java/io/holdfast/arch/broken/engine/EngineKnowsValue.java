package io.holdfast.arch.broken.engine;

import io.holdfast.arch.broken.Value;

/** No breach. */
public record EngineKnowsValue(Value value) {}
