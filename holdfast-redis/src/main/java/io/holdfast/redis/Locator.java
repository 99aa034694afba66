package io.holdfast.redis;

import io.lettuce.core.RedisURI;
import java.util.concurrent.CompletionStage;

/** Finds the server that keeps the locks at present. */
interface Locator {

  /** Where to connect to now; asked before every connection. */
  CompletionStage<RedisURI> locate();
}
