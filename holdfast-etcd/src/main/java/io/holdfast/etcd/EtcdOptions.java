package io.holdfast.etcd;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How to reach an etcd cluster. Immutable.
 *
 * <pre>{@code
 * etcd://host1:2379,host2:2379,host3:2379
 * etcd://user:password@host:2379/keys/below/this
 * etcds://host:2379?ca=/etc/etcd/ca.pem&cert=/etc/etcd/me.pem&key=/etc/etcd/me-key.pem
 * }</pre>
 *
 * <p>A user's name and password are percent-encoded in a URI. With {@code etcds} the connection is
 * encrypted and the server's certificate is checked, against the authorities that the JVM trusts
 * unless {@code ca} names others; {@code cert} and {@code key} (PEM, the key in PKCS#8) show who
 * asks; {@code authority} is the name in the server's certificate if it is not the host's.
 */
public final class EtcdOptions {

  /** A name and its password. */
  record Login(String user, String password) {

    @Override
    public String toString() {
      return user; // Never the password.
    }
  }

  /** How the connection is encrypted. */
  record Tls(
      @Nullable Path authorities,
      @Nullable Path certificate,
      @Nullable Path key,
      @Nullable String authority) {

    static final Tls TRUSTED = new Tls(null, null, null, null);
  }

  private final List<String> endpoints;
  private final String root;
  private final @Nullable Login login;
  private final @Nullable Tls tls;

  private EtcdOptions(
      List<String> endpoints, String root, @Nullable Login login, @Nullable Tls tls) {
    this.endpoints = endpoints;
    this.root = root;
    this.login = login;
    this.tls = tls;
  }

  /**
   * Members of a cluster, without encryption and login.
   *
   * @param endpoints each {@code host:port}, or {@code host} for port 2379; 1 to 100
   * @throws IllegalArgumentException if there is none or one is malformed
   */
  public static EtcdOptions of(String... endpoints) {
    return new EtcdOptions(EtcdUri.endpoints(List.of(endpoints)), "", null, null);
  }

  /**
   * Reads a URI as above.
   *
   * @throws IllegalArgumentException if it is malformed; the message shows a right one
   */
  public static EtcdOptions parse(URI uri) {
    return EtcdUri.parse(uri);
  }

  /**
   * All keys of Holdfast begin with it, a slash and the space; empty by default.
   *
   * @param prefix for example {@code team/locks}
   */
  public EtcdOptions withRoot(String prefix) {
    return new EtcdOptions(endpoints, prefix, login, tls);
  }

  /**
   * Who asks, on a cluster with authentication.
   *
   * @throws IllegalArgumentException if one of them is empty
   */
  public EtcdOptions withLogin(String user, String password) {
    if (user.isEmpty() || password.isEmpty()) {
      throw new IllegalArgumentException(
          "etcd needs a user and a password that are not empty; give both or neither");
    }
    return new EtcdOptions(endpoints, root, new Login(user, password), tls);
  }

  /** Encrypts the connection, and trusts the authorities that the JVM trusts. */
  public EtcdOptions withTls() {
    return new EtcdOptions(endpoints, root, login, Tls.TRUSTED);
  }

  /**
   * Encrypts the connection.
   *
   * @param authorities certificates in PEM that sign the server's
   */
  public EtcdOptions withTls(Path authorities) {
    return new EtcdOptions(endpoints, root, login, new Tls(authorities, null, null, null));
  }

  /**
   * Encrypts the connection and shows who asks.
   *
   * @param authorities certificates in PEM that sign the server's
   * @param certificate of this client, in PEM
   * @param key of this client, in PEM (PKCS#8)
   */
  public EtcdOptions withTls(Path authorities, Path certificate, Path key) {
    return new EtcdOptions(endpoints, root, login, new Tls(authorities, certificate, key, null));
  }

  /** The members, each {@code host:port}. */
  public List<String> endpoints() {
    return endpoints;
  }

  /** What all keys begin with; may be empty. */
  public String root() {
    return root;
  }

  Optional<Login> login() {
    return Optional.ofNullable(login);
  }

  Optional<Tls> tls() {
    return Optional.ofNullable(tls);
  }

  EtcdOptions with(Tls encryption) {
    return new EtcdOptions(endpoints, root, login, encryption);
  }

  /** Where it is, without secrets. */
  String location() {
    return (tls == null ? "etcd://" : "etcds://")
        + String.join(",", endpoints)
        + (root.isEmpty() ? "" : "/" + root);
  }

  @Override
  public String toString() {
    return location();
  }
}
