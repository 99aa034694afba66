package io.holdfast.arch.broken;

import io.holdfast.arch.broken.node.Node;

/** As the public API does, this stands on the node: no breach. */
public record Facade(Node node) {}
