package io.holdfast.jdbc;

import io.holdfast.EngineUnavailableException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Where a lock file is: from the URI to a path that SQLite can open. */
final class FileLocation {

  private static final String EXAMPLES =
      "write file:locks.db, file:/var/lib/app/locks.db or file:~/locks.db";

  /**
   * On these, processes of two machines would open the same file, but neither SQLite's shared
   * memory nor the boot id, the clock and the locks that sessions stand on reach from one machine
   * to the other.
   */
  private static final Set<String> NETWORK_TYPES =
      Set.of(
          "nfs",
          "nfs4",
          "cifs",
          "smb2",
          "smb3",
          "smbfs",
          "9p",
          "afs",
          "ceph",
          "lustre",
          "beegfs",
          "gpfs",
          "glusterfs",
          "webdav",
          "afpfs",
          "fuse.sshfs",
          "fuse.glusterfs",
          "fuse.ceph",
          "fuse.rclone",
          "fuse.s3fs",
          "fuse.davfs2");

  private FileLocation() {}

  /**
   * The path in a {@code file:} URI.
   *
   * @throws IllegalArgumentException if the URI names no file; the message shows right ones
   */
  static Path parse(URI uri) {
    if (uri.getRawAuthority() != null) {
      throw malformed(uri, "has a host", null);
    }
    String text = uri.isOpaque() ? uri.getSchemeSpecificPart() : uri.getPath();
    if (text == null || text.isEmpty() || text.endsWith("/")) {
      throw malformed(uri, "names no file", null);
    }
    if (uri.getRawQuery() != null || uri.getRawFragment() != null || text.contains("?")) {
      // The SQLite driver would take what follows a question mark for its own settings.
      throw malformed(uri, "has a '?' or '#', and there are no options", null);
    }
    if (text.startsWith("~/")) {
      text = System.getProperty("user.home") + text.substring(1);
    }
    try {
      boolean drive = text.matches("/[A-Za-z]:/.*") && windows();
      return Path.of(drive ? text.substring(1) : text);
    } catch (InvalidPathException impossible) {
      throw malformed(uri, "is no path here: " + impossible.getReason(), impossible);
    }
  }

  private static IllegalArgumentException malformed(
      URI uri, String why, @Nullable InvalidPathException cause) {
    return new IllegalArgumentException(
        "the engine URI " + uri + " " + why + "; " + EXAMPLES, cause);
  }

  private static boolean windows() {
    return System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows");
  }

  /**
   * Makes the directories and the empty file where they are missing, and refuses places where the
   * engine's promises do not hold.
   *
   * @return the path without symbolic links, the same for everybody who means this file
   * @throws EngineUnavailableException if there can be no lock file; says what to do
   */
  static Path prepare(Path file) {
    Path absolute = file.toAbsolutePath().normalize();
    Path directory = absolute.getParent();
    if (directory == null || Files.isDirectory(absolute)) {
      throw new EngineUnavailableException(
          absolute
              + " is a directory; name a file in it, for example "
              + absolute.resolve("locks"));
    }
    if (absolute.toString().contains("?")) {
      throw new EngineUnavailableException(
          absolute + " has a '?', which the SQLite driver does not take; choose another name");
    }
    makeDirectories(absolute, directory);
    refuseNetwork(absolute, directory);
    try {
      makeFile(absolute);
      return absolute.toRealPath();
    } catch (IOException failure) {
      throw new EngineUnavailableException(
          "the lock file "
              + absolute
              + " cannot be made ("
              + failure
              + "); check that this user may write to "
              + directory
              + ", or choose another path",
          failure);
    }
  }

  private static void makeDirectories(Path file, Path directory) {
    if (Files.isDirectory(directory)) {
      return;
    }
    Path home = Path.of(System.getProperty("user.home", "")).toAbsolutePath();
    boolean posix = directory.getFileSystem().supportedFileAttributeViews().contains("posix");
    try {
      if (posix && directory.startsWith(home)) {
        // Who can write to the lock file can take anybody's locks: below home, only the owner.
        Files.createDirectories(
            directory,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      } else {
        Files.createDirectories(directory);
      }
    } catch (IOException failure) {
      throw new EngineUnavailableException(
          "the directory "
              + directory
              + " of the lock file "
              + file.getFileName()
              + " cannot be made ("
              + failure
              + "); make it, or choose another path",
          failure);
    }
  }

  private static void refuseNetwork(Path file, Path directory) {
    String type;
    try {
      type = file.startsWith("\\\\") ? "smb" : Files.getFileStore(directory).type();
    } catch (IOException unknown) {
      // A file system that does not say what it is gets the benefit of the doubt.
      return;
    }
    networkType(type)
        .ifPresent(
            network -> {
              throw new EngineUnavailableException(
                  "the lock file "
                      + file
                      + " is on a network file system ("
                      + network
                      + "), where locks in a file protect nothing; choose a path on a local disk,"
                      + " or an engine with a server");
            });
  }

  /** The type of a file system, if it is one of the network. */
  static Optional<String> networkType(String type) {
    String lower = type.toLowerCase(Locale.ROOT);
    return NETWORK_TYPES.contains(lower) || lower.startsWith("smb")
        ? Optional.of(type)
        : Optional.empty();
  }

  /**
   * Makes the file before the SQLite driver can. The driver tests whether it may write by making
   * the file and deleting it again, so of two processes that start at the same time one would
   * delete the file that the other has just opened.
   *
   * <p>This never opens a file that exists. Closing any descriptor of a file drops all POSIX locks
   * that the process has on it, SQLite's too; but a file that did not exist has none.
   */
  private static void makeFile(Path file) throws IOException {
    if (Files.exists(file)) {
      return;
    }
    try {
      Files.createFile(file);
    } catch (FileAlreadyExistsException raced) {
      // Somebody else made it: just as well.
    }
  }
}
