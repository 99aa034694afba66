package io.holdfast.tck;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.Base64;

/**
 * A certificate for 127.0.0.1 and localhost that signs itself, for servers that speak TLS in a
 * test. Made by the JDK's {@code keytool}. Immutable.
 *
 * @param certificate a PEM file
 * @param key a PEM file with its key, in PKCS#8
 * @param keyStore a PKCS#12 file with both, whose password is {@value #PASSWORD}
 * @param trustStore a PKCS#12 file for a client's JVM ({@code javax.net.ssl.trustStore}) that
 *     trusts it; its password is the same
 */
public record ServerCertificate(Path certificate, Path key, Path keyStore, Path trustStore) {

  /** Of the stores. */
  public static final String PASSWORD = "changeit";

  private static final String ALIAS = "me";

  /**
   * Makes one.
   *
   * @param directory where its files go
   * @param name whose it is, and how the files begin
   * @throws IOException if a file cannot be written, or there is no keytool beside this JVM
   * @throws GeneralSecurityException if this JVM does not know PKCS#12
   */
  public static ServerCertificate create(Path directory, String name)
      throws IOException, GeneralSecurityException {
    Path pair = directory.resolve(name + ".p12");
    keytool(
        "-genkeypair",
        "-alias",
        ALIAS,
        "-keyalg",
        "RSA",
        "-dname",
        "CN=" + name,
        "-ext",
        "SAN=ip:127.0.0.1,dns:localhost",
        "-ext",
        "BC=ca:true",
        "-storetype",
        "PKCS12",
        "-keystore",
        pair.toString(),
        "-storepass",
        PASSWORD);
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(pair)) {
      keys.load(in, PASSWORD.toCharArray());
    }
    Certificate certificate = keys.getCertificate(ALIAS);
    byte[] key = keys.getKey(ALIAS, PASSWORD.toCharArray()).getEncoded();
    return new ServerCertificate(
        pem(directory.resolve(name + ".pem"), "CERTIFICATE", certificate.getEncoded()),
        pem(directory.resolve(name + "-key.pem"), "PRIVATE KEY", key),
        pair,
        trusting(directory.resolve(name + "-trust.p12"), certificate));
  }

  private static Path pem(Path file, String kind, byte[] content) throws IOException {
    String body =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(content);
    return Files.writeString(
        file, "-----BEGIN " + kind + "-----\n" + body + "\n-----END " + kind + "-----\n");
  }

  private static Path trusting(Path file, Certificate certificate)
      throws IOException, GeneralSecurityException {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry(ALIAS, certificate);
    try (OutputStream out = Files.newOutputStream(file)) {
      trusted.store(out, PASSWORD.toCharArray());
    }
    return file;
  }

  private static void keytool(String... arguments) throws IOException {
    String[] command = new String[arguments.length + 1];
    command[0] = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (InputStream output = process.getInputStream()) {
      String said = new String(output.readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new IOException(said);
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException(interrupted);
    }
  }
}
