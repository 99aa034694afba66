package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.rules.Command;
import io.holdfast.rules.Event;
import io.holdfast.rules.Reply;
import io.holdfast.rules.RequestId;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;

/** One acquire of one node, and all that can be done with it and expected of it. */
final class Ticket {

  private final LabNode node;
  private final String name;
  private final Command.Acquire acquire;
  private volatile long id;

  Ticket(LabNode node, String name, Command.Acquire acquire) {
    this.node = node;
    this.name = name;
    this.acquire = acquire;
  }

  /** The same request with another owner label. */
  Ticket owner(String label) {
    return with(label, acquire.retainable(), acquire.patience());
  }

  /** The same request for a grant that may be retained. */
  Ticket retainable() {
    return with(acquire.owner(), true, acquire.patience());
  }

  /** The same request as a TRY. */
  Ticket trying() {
    return with(acquire.owner(), acquire.retainable(), Command.Patience.TRY);
  }

  private Ticket with(String label, boolean retainable, Command.Patience patience) {
    return new Ticket(
        node,
        name,
        new Command.Acquire(
            acquire.request(), acquire.kind(), acquire.mode(), label, retainable, patience));
  }

  String name() {
    return name;
  }

  RequestId request() {
    return acquire.request();
  }

  LabNode node() {
    return node;
  }

  Command.Acquire command() {
    return acquire;
  }

  /** The id of the grant, as last told. */
  long id() {
    return id;
  }

  /** Submits the acquire and waits for the reply; may be repeated. */
  Reply submit() {
    Reply reply = node.ask(name, acquire);
    if (reply instanceof Reply.Granted granted) {
      id = granted.id();
    }
    return reply;
  }

  /** Submits the acquire and does not wait. */
  CompletionStage<Reply> submitAsync() {
    return node.session().submit(name, acquire);
  }

  /** Submits another command and does not wait. */
  CompletionStage<Reply> submitAsync(Command command) {
    return node.session().submit(name, command);
  }

  /** Submits the acquire and expects to hold the lock. */
  Ticket granted() {
    assertThat(submit()).as("reply to %s", acquire).isInstanceOf(Reply.Granted.class);
    return this;
  }

  /** Submits the acquire and expects to wait. */
  Ticket queued() {
    assertThat(submit()).as("reply to %s", acquire).isInstanceOf(Reply.Queued.class);
    return this;
  }

  /** Submits the acquire and expects to wait behind a number of others. */
  Ticket queued(int ahead) {
    assertThat(submit()).as("reply to %s", acquire).isEqualTo(new Reply.Queued(ahead));
    return this;
  }

  /** Submits the acquire and expects to be rejected. */
  Reply.Rejected rejected(Reply.Reason reason) {
    return rejected(submit(), reason);
  }

  private Reply.Rejected rejected(Reply reply, Reply.Reason reason) {
    assertThat(reply).as("reply about %s", acquire).isInstanceOf(Reply.Rejected.class);
    Reply.Rejected rejected = (Reply.Rejected) reply;
    assertThat(rejected.reason()).as("reason of %s", reply).isEqualTo(reason);
    return rejected;
  }

  /** Waits until the waiter hears that it was granted. */
  Ticket awaitGranted() {
    Recorder.Heard heard = awaitEvent("Granted", event -> event instanceof Event.Granted);
    id = ((Event.Granted) heard.event()).id();
    return this;
  }

  /** When the waiter heard that it was granted. */
  long grantedAt() {
    return awaitEvent("Granted", event -> event instanceof Event.Granted).nanos();
  }

  /** Waits until the holder is asked to give the lock back. */
  Ticket awaitRevoke(boolean tryOnly) {
    awaitEvent(
        "Revoke(tryOnly=" + tryOnly + ")",
        event -> event instanceof Event.Revoke revoke && revoke.tryOnly() == tryOnly);
    return this;
  }

  /** How often the holder has been asked to give the lock back. */
  int revokes() {
    return node.recorder().count(request(), event -> event instanceof Event.Revoke);
  }

  /** Waits until the waiter hears that it was rejected. */
  void awaitRejected(Reply.Reason reason) {
    awaitEvent(
        "Rejected(" + reason + ")",
        event -> event instanceof Event.Rejected rejected && rejected.reason() == reason);
  }

  /** Waits until the holder hears that its grant was ended. */
  void awaitEnded() {
    awaitEvent("Ended", event -> event instanceof Event.Ended);
  }

  private Recorder.Heard awaitEvent(String what, Predicate<Event> fits) {
    return node.lab()
        .await(
            node.recorder().first(request(), fits),
            () ->
                this + " did not hear " + what + ", the lock being " + node.lab().view(name) + ",");
  }

  /** Whether the waiter has heard that it was granted. */
  boolean heardGranted() {
    return node.recorder().find(request(), event -> event instanceof Event.Granted).isPresent();
  }

  /** Releases and expects that to be confirmed; may be repeated. */
  Ticket release() {
    return done(new Command.Release(request()));
  }

  /** Cancels and expects that to be confirmed; may be repeated. */
  Ticket cancel() {
    return done(new Command.Cancel(request()));
  }

  /** Declines and expects that to be confirmed. */
  Ticket decline() {
    return done(new Command.Decline(request()));
  }

  private Ticket done(Command command) {
    assertThat(node.ask(name, command)).as("reply to %s", command).isEqualTo(new Reply.Done());
    return this;
  }

  /** Turns to exclusive and expects success. */
  Ticket upgraded() {
    return turned(new Command.Upgrade(request()));
  }

  /** Turns to shared and expects success. */
  Ticket downgraded() {
    return turned(new Command.Downgrade(request()));
  }

  /** Draws a new id and expects success. */
  Ticket refreshed() {
    return turned(new Command.Refresh(request()));
  }

  private Ticket turned(Command command) {
    Reply reply = node.ask(name, command);
    assertThat(reply).as("reply to %s", command).isInstanceOf(Reply.Granted.class);
    id = ((Reply.Granted) reply).id();
    return this;
  }

  /** Sends any command about the request and expects it to be rejected. */
  void rejected(Command command, Reply.Reason reason) {
    rejected(node.ask(name, command), reason);
  }

  @Override
  public String toString() {
    return request() + " of " + name;
  }
}
