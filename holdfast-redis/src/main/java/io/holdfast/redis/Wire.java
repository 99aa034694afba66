package io.holdfast.redis;

import io.holdfast.engine.Environment.Ticker;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.output.NestedMultiOutput;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.Command;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** One connection to one server, from its beginning to its end. Thread-safe. */
final class Wire {

  // Lettuce would reconnect behind our back and send again what was not answered. A connection here
  // is used once: what was not answered when it ends has failed, and is known to be harmless only
  // if it was never turned into bytes.

  /** How long the server may say nothing while an answer is due. */
  private static final Duration SILENCE = Duration.ofSeconds(4);

  /** After how long without traffic the server is asked whether it is there. */
  private static final Duration IDLE = Duration.ofSeconds(5);

  private final StatefulRedisConnection<byte[], byte[]> connection;
  private final String where;
  private final Ticker ticker;
  private final Consumer<Wire> onLost;
  private final AtomicInteger due = new AtomicInteger();
  private final AtomicLong seen = new AtomicLong();
  private volatile long lastAnswer;
  private volatile ServerReport report = ServerReport.UNKNOWN;

  /**
   * A connection that stands.
   *
   * @param where the server, without secrets
   * @param onLost called when it has ended or is of no use any more, maybe several times
   */
  Wire(
      StatefulRedisConnection<byte[], byte[]> connection,
      String where,
      Ticker ticker,
      Consumer<Wire> onLost) {
    this.connection = connection;
    this.where = where;
    this.ticker = ticker;
    this.onLost = onLost;
    lastAnswer = ticker.nanoTime();
    connection.addListener(
        new RedisConnectionStateListener() {
          @Override
          public void onRedisDisconnected(RedisChannelHandler<?, ?> ended) {
            onLost.accept(Wire.this);
          }
        });
  }

  String where() {
    return where;
  }

  /** What the server said of itself when the connection was made. */
  ServerReport report() {
    return report;
  }

  void report(ServerReport learned) {
    report = learned;
  }

  /** The largest version that came over this connection. */
  AtomicLong seen() {
    return seen;
  }

  /** Remembers a version that came over this connection. */
  void see(long version) {
    seen.accumulateAndGet(version, Math::max);
  }

  /** Runs a script. */
  CompletionStage<List<Object>> run(Script script, List<byte[]> keys, List<byte[]> arguments) {
    CompletableFuture<List<Object>> answer = new CompletableFuture<>();
    Sent known = sent(CommandType.EVALSHA, script, keys, arguments);
    send(
        known,
        answer,
        failure -> {
          if (failure instanceof RedisNoScriptException) {
            // The server has not seen it yet, or has been restarted; nothing has run.
            Sent whole = sent(CommandType.EVAL, script, keys, arguments);
            send(whole, answer, again -> fail(again, whole, answer));
          } else {
            fail(failure, known, answer);
          }
        });
    return answer;
  }

  /** Sends a command. */
  CompletionStage<List<Object>> call(CommandType type, boolean changes, byte[]... arguments) {
    CompletableFuture<List<Object>> answer = new CompletableFuture<>();
    CommandArgs<byte[], byte[]> args = new CommandArgs<>(ByteArrayCodec.INSTANCE);
    for (byte[] argument : arguments) {
      args.add(argument);
    }
    Sent command = new Sent(type, args, changes);
    send(command, answer, failure -> fail(failure, command, answer));
    return answer;
  }

  /** Ends the connection; whatever is not answered fails. */
  @SuppressWarnings("FutureReturnValueIgnored") // Its end is heard of by the listener.
  void cut() {
    connection.closeAsync();
    onLost.accept(this);
  }

  /** Ends the connection if the server is silent, asks it if there is nothing else to say. */
  void check() {
    long silent = ticker.nanoTime() - lastAnswer;
    if (!connection.isOpen() || (due.get() > 0 && silent > SILENCE.toNanos())) {
      cut();
    } else if (due.get() == 0 && silent > IDLE.toNanos()) {
      call(CommandType.PING, false);
    }
  }

  private static Sent sent(CommandType type, Script script, List<byte[]> keys, List<byte[]> more) {
    byte[] named = type == CommandType.EVALSHA ? script.digest() : script.body();
    CommandArgs<byte[], byte[]> args =
        new CommandArgs<>(ByteArrayCodec.INSTANCE).add(named).add(keys.size());
    keys.forEach(args::addKey);
    more.forEach(args::add);
    return new Sent(type, args, script.changes());
  }

  @SuppressWarnings("FutureReturnValueIgnored") // What follows from it is the answer.
  private void send(
      Sent command, CompletableFuture<List<Object>> answer, Consumer<Throwable> failed) {
    AsyncCommand<byte[], byte[], List<Object>> pending = new AsyncCommand<>(command);
    if (due.getAndIncrement() == 0) {
      lastAnswer = ticker.nanoTime();
    }
    pending.whenComplete(
        (value, failure) -> {
          due.decrementAndGet();
          lastAnswer = ticker.nanoTime();
          if (failure == null) {
            answer.complete(value);
          } else {
            failed.accept(failure);
          }
        });
    try {
      connection.dispatch(pending);
    } catch (RuntimeException refused) {
      pending.completeExceptionally(refused);
    }
  }

  private void fail(Throwable failure, Sent command, CompletableFuture<List<Object>> answer) {
    RuntimeException meaning = RedisErrors.of(failure, where, command.doubtful());
    if (!RedisErrors.answered(failure) || RedisErrors.elsewhere(failure)) {
      cut();
    }
    answer.completeExceptionally(meaning);
  }

  /** The process that it leads to, for scripts. */
  byte[] process() {
    return ascii(report.process());
  }

  static byte[] ascii(long number) {
    return ascii(Long.toString(number));
  }

  static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** A command that knows whether it has been turned into bytes. */
  private static final class Sent extends Command<byte[], byte[], List<Object>> {
    private final boolean changes;
    private volatile boolean encoded;

    Sent(CommandType type, CommandArgs<byte[], byte[]> args, boolean changes) {
      super(type, new NestedMultiOutput<>(ByteArrayCodec.INSTANCE), args);
      this.changes = changes;
    }

    @Override
    public void encode(ByteBuf buffer) {
      encoded = true;
      super.encode(buffer);
    }

    boolean doubtful() {
      return changes && encoded;
    }
  }
}
