package io.holdfast.arch.broken;

/** A value that every layer may use. */
public record Value(long number) {}
