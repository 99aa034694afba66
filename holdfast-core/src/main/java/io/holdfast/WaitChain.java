package io.holdfast;

import io.holdfast.rules.Mode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Who holds a lock, for what that one waits, who holds that, and so on to the end: A waits for B
 * waits for C. Seen over several reads of the engine, so it may be out of date in parts; the end
 * {@link End#CYCLE} is a deadlock if it lasts.
 *
 * @param lock the lock that was asked about
 * @param links from the lock's holder on; empty if nobody holds it. Where a lock has several
 *     holders, the chain follows one whose owners wait, if there is one
 * @param end how it ends
 */
public record WaitChain(String lock, List<Link> links, End end) {

  /** How a chain ends. */
  public enum End {
    /** Nobody holds the lock. */
    FREE,
    /** The last holder waits for nothing that is known: it runs, or retains an idle lock. */
    RUNNING,
    /** The last one waits for a lock of an earlier one. */
    CYCLE,
    /** The chain is longer than the search. */
    TOO_LONG
  }

  /**
   * An owner that holds a lock, and the lock that it waits for.
   *
   * @param party the node
   * @param owner a thread's name, or an owner's id
   * @param holds the lock that it holds
   * @param heldAs how
   * @param waitsFor the lock that it waits for; {@code null} if it is not known to wait
   * @param wantedAs how it waits; {@code null} with {@code waitsFor}
   * @param since when it began to wait or, if it does not wait, when it got the lock
   */
  public record Link(
      LockReport.Party party,
      String owner,
      String holds,
      Mode heldAs,
      @Nullable String waitsFor,
      @Nullable Mode wantedAs,
      Instant since) {

    /** Such as "billing-7 (pid 42 on host a), thread-12". */
    String who() {
      return party + ", " + owner;
    }
  }

  /** Takes an unmodifiable copy. */
  public WaitChain {
    links = List.copyOf(links);
  }

  /** The links that go round in a circle; empty if none do. */
  public List<Link> cycle() {
    Optional<String> back =
        end == End.CYCLE
            ? Optional.ofNullable(links.get(links.size() - 1).waitsFor())
            : Optional.empty();
    List<Link> round = new ArrayList<>();
    for (Link link : links) {
      if (!round.isEmpty() || back.filter(link.holds()::equals).isPresent()) {
        round.add(link);
      }
    }
    return List.copyOf(round);
  }

  /**
   * One sentence for people, one line per link.
   *
   * @param now the moment to count ages to
   */
  public String describe(Instant now) {
    return switch (end) {
      case FREE -> lock + " is free";
      case RUNNING -> describe(links, now);
      case CYCLE -> describe(links, now) + "\nwhich is a deadlock if it lasts";
      case TOO_LONG -> describe(links, now) + "\nand so on";
    };
  }

  /** What the links say, one line each. */
  static String describe(List<Link> links, Instant now) {
    StringBuilder text = new StringBuilder();
    for (Link link : links) {
      text.append(text.isEmpty() ? "" : "\n")
          .append(link.holds())
          .append(" held by ")
          .append(link.who());
      if (link.waitsFor() == null) {
        text.append(", for ").append(age(link.since(), now));
      } else {
        text.append(", who has waited ")
            .append(age(link.since(), now))
            .append(" for ")
            .append(link.waitsFor());
      }
    }
    return text.toString();
  }

  static String age(Instant since, Instant now) {
    Duration age = Duration.between(since, now);
    return String.format(Locale.ROOT, "%.1f s", Math.max(0, age.toMillis()) / 1_000.0);
  }
}
