package io.holdfast.etcd;

import io.holdfast.etcd.EtcdOptions.Tls;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code etcd:} URIs. What it says of a wrong one does not repeat it: it may hold secrets.
 */
final class EtcdUri {

  private static final String RIGHT =
      "; write etcd://host1:2379,host2:2379, or etcds://user:password@host:2379/root?ca=/path/ca.pem";
  private static final Pattern ENDPOINT =
      Pattern.compile("(\\[[0-9A-Fa-f:.%]+]|[^\\s:/@\\[\\]]+)(?::([0-9]{1,5}))?");
  private static final String DEFAULT_PORT = "2379";
  private static final int MAX_ENDPOINTS = 100;
  private static final int MAX_PORT = 65_535;
  private static final Set<String> PARAMETERS = Set.of("ca", "cert", "key", "authority", "tls");

  private EtcdUri() {}

  static EtcdOptions parse(URI uri) {
    String authority = uri.getRawAuthority();
    if (authority == null) {
      throw wrong("an etcd URI names at least one host");
    }
    int at = authority.lastIndexOf('@');
    String[] hosts = authority.substring(at + 1).split(",", -1);
    EtcdOptions options = EtcdOptions.of(hosts).withRoot(root(uri));
    if (at >= 0) {
      String[] login = authority.substring(0, at).split(":", 2);
      if (login.length < 2 || login[0].isEmpty() || login[1].isEmpty()) {
        throw wrong("an etcd URI with a user names the password too");
      }
      options = options.withLogin(decoded(login[0]), decoded(login[1]));
    }
    Tls tls = tls(uri);
    return tls == null ? options : options.with(tls);
  }

  static List<String> endpoints(List<String> written) {
    List<String> endpoints = new ArrayList<>();
    for (String one : written) {
      Matcher parts = ENDPOINT.matcher(one);
      if (!parts.matches()) {
        throw wrong("an etcd endpoint is host:port");
      }
      String port = parts.group(2) == null ? DEFAULT_PORT : parts.group(2);
      if (Integer.parseInt(port) < 1 || Integer.parseInt(port) > MAX_PORT) {
        throw wrong("a port is from 1 to " + MAX_PORT + ", not " + port);
      }
      endpoints.add(parts.group(1) + ":" + port);
    }
    if (endpoints.isEmpty() || endpoints.size() > MAX_ENDPOINTS) {
      throw wrong("an etcd cluster has 1 to " + MAX_ENDPOINTS + " endpoints");
    }
    return List.copyOf(endpoints);
  }

  private static String root(URI uri) {
    String path = uri.getPath();
    return path == null ? "" : path.replaceAll("^/+|/+$", "");
  }

  private static @Nullable Tls tls(URI uri) {
    Map<String, String> parameters = parameters(uri);
    boolean wanted = "etcds".equals(uri.getScheme());
    String asked = parameters.get("tls");
    if (asked != null) {
      if (!asked.equals("true") && !(asked.equals("false") && !wanted)) {
        throw wrong("tls is true or false, and etcds means true");
      }
      wanted |= asked.equals("true");
    }
    if (!wanted) {
      if (!parameters.isEmpty() && !(parameters.size() == 1 && asked != null)) {
        throw wrong("ca, cert, key and authority go with etcds or tls=true");
      }
      return null;
    }
    Path certificate = path(parameters.get("cert"));
    Path key = path(parameters.get("key"));
    if ((certificate == null) != (key == null)) {
      throw wrong("cert and key go together");
    }
    return new Tls(path(parameters.get("ca")), certificate, key, parameters.get("authority"));
  }

  private static Map<String, String> parameters(URI uri) {
    Map<String, String> parameters = new HashMap<>();
    String query = uri.getRawQuery();
    if (query == null || query.isEmpty()) {
      return parameters;
    }
    for (String pair : query.split("&", -1)) {
      String[] parts = pair.split("=", 2);
      if (parts.length < 2 || !PARAMETERS.contains(parts[0])) {
        throw wrong("the parameters of an etcd URI are ca, cert, key, authority and tls");
      }
      parameters.put(parts[0], decoded(parts[1]));
    }
    return parameters;
  }

  private static @Nullable Path path(@Nullable String written) {
    return written == null ? null : Path.of(written);
  }

  private static String decoded(String raw) {
    // In this part of a URI a plus sign is itself.
    return URLDecoder.decode(raw.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  private static IllegalArgumentException wrong(String problem) {
    return new IllegalArgumentException(problem + RIGHT);
  }
}
