package io.holdfast.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.EngineUnavailableException;
import io.holdfast.OutcomeUnknownException;
import java.nio.file.Path;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

class SqliteErrorsTest {

  private static final Path FILE = Path.of("locks.db");

  private static SQLException failure(SQLiteErrorCode code) {
    return new SQLiteException("said SQLite", code);
  }

  @ParameterizedTest
  @CsvSource({
    "SQLITE_READONLY, is read-only, or choose another path",
    "SQLITE_READONLY_DIRECTORY, is read-only, or choose another path",
    "SQLITE_PERM, is read-only, or choose another path",
    "SQLITE_CANTOPEN, cannot be opened, or choose another path",
    "SQLITE_FULL, the disk is full, make room and try again",
    "SQLITE_NOTADB, no SQLite database, choose another path",
    "SQLITE_CORRUPT, is damaged, a new file needs nothing from the old one",
    "SQLITE_IOERR_WRITE, could not be read or written, then try again",
    "SQLITE_BUSY, locked by another process, continue or end it",
    "SQLITE_NOMEM, could not be used, check the file and try again"
  })
  void everyErrorEndsWithTheNextStep(SQLiteErrorCode code, String says, String ends) {
    assertThat(SqliteErrors.explain(FILE, failure(code), false))
        .isInstanceOf(EngineUnavailableException.class)
        .hasMessageContaining("locks.db")
        .hasMessageContaining("said SQLite")
        .hasMessageContaining(says)
        .hasMessageEndingWith(ends);
  }

  @Test
  void aCommitThatFailedOnTheDiskMayStillCount() {
    assertThat(SqliteErrors.explain(FILE, failure(SQLiteErrorCode.SQLITE_IOERR_FSYNC), true))
        .isInstanceOf(OutcomeUnknownException.class)
        .hasMessageEndingWith("ask for the same thing again");
    assertThat(SqliteErrors.explain(FILE, failure(SQLiteErrorCode.SQLITE_FULL), true))
        .isInstanceOf(EngineUnavailableException.class);
  }
}
