package io.holdfast.arch.broken.engine;

import io.holdfast.arch.broken.Facade;

/** Breach: an engine uses what is built on it. */
public record EngineKnowsFacade(Facade facade) {}
