package io.holdfast.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.holdfast.LockReport;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.Mode;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Values as JSON. Loaded only when JSON is asked for, because Jackson takes long to load. */
final class Json {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Json() {}

  /** One line, for events. */
  static String line(Map<String, ?> value) {
    return write(MAPPER.writer(), value);
  }

  /** Indented, for results. */
  static String document(Object value) {
    return write(MAPPER.writer().with(SerializationFeature.INDENT_OUTPUT), value);
  }

  private static String write(ObjectWriter writer, Object value) {
    try {
      return writer.writeValueAsString(value);
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException("maps, lists, numbers and text have a JSON form", impossible);
    }
  }

  /** Reads a list of objects, the only member of an object in one line. */
  static List<Map<String, Object>> objects(String line) {
    try {
      return MAPPER
          .readValue(line, new TypeReference<Map<String, List<Map<String, Object>>>>() {})
          .values()
          .iterator()
          .next();
    } catch (JsonProcessingException malformed) {
      throw new IllegalStateException("not what this class writes: " + line, malformed);
    }
  }

  /** An object with its members in the order given: name, value, name, value, … */
  static Map<String, Object> object(Object... members) {
    Map<String, Object> object = new LinkedHashMap<>();
    for (int i = 0; i < members.length; i += 2) {
      object.put((String) members[i], members[i + 1]);
    }
    return object;
  }

  /** A lock with its holders and waiters. */
  static Map<String, Object> lock(LockReport report, Instant now) {
    List<Map<String, Object>> holders =
        report.holders().stream().map(each -> holder(each, now)).toList();
    List<Map<String, Object>> waiters =
        report.waiters().stream().map(each -> waiter(each, now)).toList();
    return object(
        "name", report.name(), "kind", kind(report), "holders", holders, "waiters", waiters);
  }

  static Map<String, Object> holder(LockReport.Holder holder, Instant now) {
    Map<String, Object> object = party(holder.party(), holder.owner(), holder.mode());
    object.put("token", holder.token());
    putAge(object, holder.since(), now);
    return object;
  }

  private static Map<String, Object> waiter(LockReport.Waiting waiter, Instant now) {
    Map<String, Object> object = party(waiter.party(), waiter.owner(), waiter.mode());
    putAge(object, waiter.since(), now);
    return object;
  }

  private static Map<String, Object> party(LockReport.Party party, String owner, Mode mode) {
    Map<String, Object> object =
        object(
            "node",
            party.node(),
            "host",
            party.host(),
            "pid",
            party.pid(),
            "owner",
            owner,
            "mode",
            mode.type().name().toLowerCase(Locale.ROOT));
    if (mode.type() == Mode.Type.PERMITS) {
      object.put("permits", mode.permits());
    }
    return object;
  }

  static void putAge(Map<String, Object> object, Instant since, Instant now) {
    object.put("since", since.toString());
    object.put("ageMillis", Math.max(0, Duration.between(since, now).toMillis()));
  }

  private static String kind(LockReport report) {
    return report.kind().type() == LockKind.Type.SEMAPHORE
        ? "semaphore(" + report.kind().permits() + ")"
        : report.kind().type().name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
