package io.holdfast.node;

import io.holdfast.engine.SessionTerms;
import java.time.Duration;
import java.util.concurrent.Executor;

/**
 * How a node works.
 *
 * @param terms what it says to the engine
 * @param retainFor after how long without use it gives a retained lock back
 * @param maxRetained how many locks it keeps without using them
 * @param callbacks runs what users wrote
 */
public record NodeSettings(
    SessionTerms terms, Duration retainFor, int maxRetained, Executor callbacks) {}
