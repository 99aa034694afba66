package io.holdfast.cli;

import io.holdfast.WaitChain;
import io.holdfast.WaitChain.Link;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A chain of waits as text for people. */
final class ChainText {

  private static final String PLAIN = "  ";
  private static final String IN_CIRCLE = "* ";

  private final WaitChain chain;
  private final Instant now;
  private final Console console;

  ChainText(WaitChain chain, Instant now, Console console) {
    this.chain = chain;
    this.now = now;
    this.console = console;
  }

  /** A line for each link, the ones of a circle marked, and how the chain ends. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    Set<Link> circle = new HashSet<>(chain.cycle());
    for (Link link : chain.links()) {
      boolean marked = circle.contains(link);
      String line = (marked ? IN_CIRCLE : PLAIN) + describe(link, now);
      lines.add(marked ? console.bad(line) : line);
    }
    lines.add(end(circle.size()));
    return lines;
  }

  private String end(int circle) {
    return switch (chain.end()) {
      case FREE -> Listing.printable(chain.lock()) + " is free.";
      case RUNNING -> "The last one waits for nobody: it runs, or keeps an idle lock.";
      case TOO_LONG -> "And so on: the chain is longer than the search.";
      case CYCLE ->
          console.bold(
              "It goes round: the "
                  + circle
                  + " marked with * wait for each other. This is a deadlock if it lasts; then the"
                  + " one that began to wait last gives way.");
    };
  }

  /**
   * For example: orders/42 held by billing-7 (pid 4 on host x), main, who has waited 3.1 s for x.
   */
  static String describe(Link link, Instant now) {
    String age = DurationText.of(Duration.between(link.since(), now));
    String what = Listing.printable(link.holds()) + " held by " + who(link);
    return link.waitsFor() == null
        ? what + ", for " + age
        : what + ", who has waited " + age + " for " + Listing.printable(link.waitsFor());
  }

  private static String who(Link link) {
    return Listing.printable(link.party().toString()) + ", " + Listing.printable(link.owner());
  }
}
