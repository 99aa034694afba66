package io.holdfast.arch.broken.engine;

import io.holdfast.arch.broken.node.Node;

/** Breach: an engine reaches into the node. */
public record EngineKnowsNode(Node node) {}
