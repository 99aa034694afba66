package io.holdfast.arch.broken.fence;

import io.holdfast.arch.broken.Value;
import io.holdfast.arch.broken.rules.RulesKnowValue;

/** Breach: a guard knows values and nothing else. */
public record FenceKnowsRules(Value value, RulesKnowValue rules) {}
