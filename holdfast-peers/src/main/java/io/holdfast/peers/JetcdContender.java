package io.holdfast.peers;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.lease.LeaseKeepAliveResponse;
import io.grpc.stub.StreamObserver;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** etcd's lock service. Whoever has the lease has the lock, so each thread has its own lease. */
final class JetcdContender implements Contender {

  private static final long TTL_SECONDS = 10;

  private final Client client;
  private final Map<Thread, Long> leases = new ConcurrentHashMap<>();

  JetcdContender(int port) {
    client = Client.builder().endpoints("http://127.0.0.1:" + port).build();
  }

  @Override
  public Taken take(String name) throws Exception {
    Long lease = leases.get(Thread.currentThread());
    if (lease == null) {
      lease = client.getLeaseClient().grant(TTL_SECONDS).get().getID();
      client.getLeaseClient().keepAlive(lease, new Ignored());
      leases.put(Thread.currentThread(), lease);
    }
    ByteSequence key =
        client
            .getLockClient()
            .lock(ByteSequence.from(name, StandardCharsets.UTF_8), lease)
            .get()
            .getKey();
    return () -> client.getLockClient().unlock(key).get();
  }

  private static final class Ignored implements StreamObserver<LeaseKeepAliveResponse> {
    @Override
    public void onNext(LeaseKeepAliveResponse renewed) {}

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {}
  }

  @Override
  public void close() {
    client.close();
  }
}
