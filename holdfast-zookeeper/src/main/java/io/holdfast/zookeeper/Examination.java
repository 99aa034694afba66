package io.holdfast.zookeeper;

import io.holdfast.engine.Finding;
import io.holdfast.engine.Finding.Level;
import io.holdfast.engine.SessionTerms;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.data.Stat;
import org.jspecify.annotations.Nullable;

/** A look at the ensemble for what breaks a promise. */
final class Examination {

  private static final String CONFIG = "/zookeeper/config";
  private static final int FEW_EPOCHS = 10_000;

  private final Wire wire;
  private final Layout layout;

  Examination(Wire wire, Layout layout) {
    this.wire = wire;
    this.layout = layout;
  }

  CompletableFuture<List<Finding>> run() {
    CompletableFuture<Finding> ensemble =
        wire.get(CONFIG).handle((found, failure) -> ensemble(found));
    CompletableFuture<Finding> epochs =
        wire.get(layout.sessions()).thenApply(found -> epochs(found.stat()));
    return ensemble.thenCombine(
        epochs,
        (servers, epoch) -> new ArrayList<>(List.of(servers, sessionTimeout(), epoch, access())));
  }

  private static Finding ensemble(Wire.@Nullable Answer found) {
    String subject = "ensemble";
    if (found == null) {
      return new Finding(
          Level.UNKNOWN, subject, "may not be read; let this user read " + CONFIG + " to see it");
    }
    byte[] bytes = found.bytes();
    String text = bytes == null ? "" : new String(bytes, StandardCharsets.UTF_8);
    long voters =
        text.lines()
            .filter(line -> line.startsWith("server.") && !line.contains(":observer"))
            .count();
    if (voters <= 1) {
      return new Finding(
          Level.WARNING,
          subject,
          "is a single server: while it is down nothing can be locked, and with its disk all is"
              + " lost; run three");
    }
    return voters % 2 == 0
        ? new Finding(
            Level.WARNING, subject, "has " + voters + " voters; one more or less is as safe")
        : new Finding(Level.FINE, subject, "has " + voters + " voters");
  }

  private Finding sessionTimeout() {
    long asked = Sessions.timeout(SessionTerms.DEFAULT_TTL).toMillis();
    long granted = wire.sessionTimeoutMillis();
    String subject = "session timeout";
    String text = "asked for " + asked + " ms, granted " + granted + " ms";
    if (granted < SessionTerms.DEFAULT_TTL.toMillis()) {
      return new Finding(
          Level.UNSAFE, subject, text + "; raise maxSessionTimeout, or choose a shorter TTL");
    }
    return granted > asked
        ? new Finding(
            Level.WARNING,
            subject,
            text + ": killed holders are noticed late; lower tickTime or minSessionTimeout")
        : new Finding(Level.FINE, subject, text);
  }

  private static Finding epochs(@Nullable Stat newest) {
    String subject = "leader elections";
    if (newest == null) {
      return new Finding(Level.UNKNOWN, subject, "the space is gone; open a session to make it");
    }
    long left = Zxid.epochsLeft(newest.getMzxid());
    String text = left + " are left before tokens no longer fit";
    return left < FEW_EPOCHS
        ? new Finding(Level.WARNING, subject, text + "; plan to move to a new ensemble")
        : new Finding(Level.FINE, subject, text);
  }

  private Finding access() {
    return wire.acl() == ZooDefs.Ids.OPEN_ACL_UNSAFE
        ? new Finding(
            Level.WARNING,
            "access",
            "everybody who reaches the servers may change the locks; use ?auth=")
        : new Finding(Level.FINE, "access", "nodes belong to the user of the URI");
  }
}
