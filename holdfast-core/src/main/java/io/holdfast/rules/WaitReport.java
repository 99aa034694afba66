package io.holdfast.rules;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a session says of its waits: which of its grants end only after one of its requests has been
 * granted, because their owners hold the one and wait for the other. What waits inside the node is
 * collapsed: each link begins at a grant and ends at a request of the engine.
 *
 * @param number grows with every report of the session
 * @param after the number of a report that others could read before this one was composed; 0 if
 *     there was none
 * @param doubt the number of the latest report of which the session does not know whether it was
 *     taken; it and those before it may still arrive, and replace a later one. 0 if there is none
 * @param links in no order that matters
 */
public record WaitReport(long number, long after, long doubt, List<Link> links) {

  /** Of a session that has said nothing yet. */
  public static final WaitReport NONE = new WaitReport(0, 0, 0, List.of());

  private static final int VERSION = 1;

  /** A name of a lock has at most so many UTF-16 units, as it has at most so many bytes. */
  private static final int MAX_NAME = 512;

  /** Takes an unmodifiable copy. */
  public WaitReport {
    links = List.copyOf(links);
  }

  /**
   * Whether this was composed after a moment at which another report of the session could be read:
   * it names a later one that was readable before it. A report that may have arrived late proves
   * nothing, because later ones may have been readable before it.
   *
   * @param read what could be read at that moment, {@link #NONE} if nothing could
   */
  public boolean isComposedAfter(WaitReport read) {
    return after > read.number && !doubts(read);
  }

  /** Whether another report of the session may have arrived late, for all that this one knows. */
  public boolean doubts(WaitReport other) {
    return other.number > 0 && other.number <= doubt;
  }

  /**
   * A grant that ends only after a request is granted.
   *
   * @param held the lock of the grant
   * @param grant the number of the grant's request in the session
   * @param wanted the lock of the request
   * @param request the number of the request in the session
   * @param steps how the one leads to the other inside the node, one or more: the first owner holds
   *     {@code held}, each waits for what the next one holds, the last waits for {@code wanted}
   */
  public record Link(String held, long grant, String wanted, long request, List<Step> steps) {

    /** Takes an unmodifiable copy. */
    public Link {
      steps = List.copyOf(steps);
    }
  }

  /**
   * An owner that holds one lock and waits for another.
   *
   * @param owner its label
   * @param holds the lock that it holds
   * @param heldAs how
   * @param waitsFor the lock that it waits for
   * @param wantedAs how
   * @param since when it began to wait, in milliseconds since the epoch, for people only
   * @param number tells this wait from all others of the session
   */
  public record Step(
      String owner,
      String holds,
      Mode heldAs,
      String waitsFor,
      Mode wantedAs,
      long since,
      long number) {}

  /**
   * The binary form: format version (1) · number · after · doubt · number of steps · steps · number
   * of links · links. A link is: held · grant · wanted · request · number of steps · places of its
   * steps among those above, as most links share theirs with others. A mode is its place in the
   * list of types, then the permits if it has any.
   */
  public byte[] encode() {
    Map<Step, Integer> places = new LinkedHashMap<>();
    for (Link link : links) {
      link.steps().forEach(step -> places.putIfAbsent(step, places.size()));
    }
    ByteSink out = new ByteSink(16 + 128 * places.size() + 64 * links.size());
    out.putByte(VERSION);
    out.putVarint(number);
    out.putVarint(after);
    out.putVarint(doubt);
    out.putVarint(places.size());
    places.keySet().forEach(step -> putStep(out, step));
    out.putVarint(links.size());
    for (Link link : links) {
      out.putString(link.held());
      out.putVarint(link.grant());
      out.putString(link.wanted());
      out.putVarint(link.request());
      out.putVarint(link.steps().size());
      link.steps().forEach(step -> out.putVarint(places.getOrDefault(step, 0)));
    }
    return out.toByteArray();
  }

  private static void putStep(ByteSink out, Step step) {
    out.putString(step.owner());
    out.putString(step.holds());
    RecordCodec.putMode(out, step.heldAs(), 0);
    out.putString(step.waitsFor());
    RecordCodec.putMode(out, step.wantedAs(), 0);
    out.putSigned(step.since());
    out.putVarint(step.number());
  }

  /**
   * Reads what {@link #encode} wrote.
   *
   * @throws UnknownFormatException if a newer Holdfast or something else wrote it
   */
  public static WaitReport decode(byte[] bytes) {
    ByteSource in = new ByteSource(bytes, "report of waits");
    in.requireVersion(VERSION);
    long number = in.readVarint(0, Long.MAX_VALUE);
    long after = in.readVarint(0, number);
    long doubt = in.readVarint(0, number);
    List<Step> known = new ArrayList<>();
    for (int rest = in.readCount(Integer.MAX_VALUE, 7); rest > 0; rest--) {
      known.add(readStep(in));
    }
    List<Link> links = new ArrayList<>();
    for (int rest = in.readCount(Integer.MAX_VALUE, 5); rest > 0; rest--) {
      links.add(
          new Link(
              in.readString(MAX_NAME),
              in.readVarint(1, Long.MAX_VALUE),
              in.readString(MAX_NAME),
              in.readVarint(1, Long.MAX_VALUE),
              readSteps(in, known)));
    }
    in.requireEnd();
    return new WaitReport(number, after, doubt, links);
  }

  private static List<Step> readSteps(ByteSource in, List<Step> known) {
    List<Step> steps = new ArrayList<>();
    for (int rest = in.readCount(Integer.MAX_VALUE, 1); rest > 0; rest--) {
      steps.add(known.get((int) in.readVarint(0, known.size() - 1)));
    }
    return steps;
  }

  private static Step readStep(ByteSource in) {
    return new Step(
        in.readString(LockRules.MAX_OWNER_LENGTH),
        in.readString(MAX_NAME),
        RecordCodec.readMode(in),
        in.readString(MAX_NAME),
        RecordCodec.readMode(in),
        in.readSigned(),
        in.readVarint(1, Long.MAX_VALUE));
  }
}
