package io.holdfast.arch.broken.rules;

import io.holdfast.arch.broken.Value;

/** Breach: the rules depend on nothing. */
public record RulesKnowValue(Value value) {}
