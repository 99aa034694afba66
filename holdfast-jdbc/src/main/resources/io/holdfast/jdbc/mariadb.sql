-- The tables of Holdfast in MariaDB 10.5 or later, or MySQL 8.0.29 or later, format 1. An engine makes
-- them when it is first opened, if it may. Otherwise run this, again if it was interrupted:
--
--   mariadb DATABASE < mariadb.sql
--
-- and let the users of the locks in:
--
--   GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE ON DATABASE.* TO app;

DELIMITER //

CREATE TABLE IF NOT EXISTS holdfast_format (
  id INT PRIMARY KEY,
  number INT NOT NULL
) ENGINE = InnoDB
//

-- Versions of records and numbers of sessions: one counter for all spaces. It has no rows for longer
-- than a transaction.
CREATE TABLE IF NOT EXISTS holdfast_version (
  id BIGINT AUTO_INCREMENT PRIMARY KEY
) ENGINE = InnoDB
//

CREATE TABLE IF NOT EXISTS holdfast_record (
  space VARBINARY(512) NOT NULL,
  name VARBINARY(1024) NOT NULL,
  version BIGINT NOT NULL,
  bytes LONGBLOB NOT NULL,
  PRIMARY KEY (space, name)
) ENGINE = InnoDB
//

-- Times are microseconds of the server's clock. A session is alive as long as its row is there.
CREATE TABLE IF NOT EXISTS holdfast_session (
  id BIGINT PRIMARY KEY,
  space VARBINARY(512) NOT NULL,
  ttl BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  node VARCHAR(512) CHARACTER SET utf8mb4 NOT NULL,
  host VARCHAR(512) CHARACTER SET utf8mb4 NOT NULL,
  pid BIGINT NOT NULL,
  channel VARCHAR(64),
  report LONGBLOB
) ENGINE = InnoDB
//

-- Wake-ups, which may be lost.
CREATE TABLE IF NOT EXISTS holdfast_notice (
  session BIGINT NOT NULL,
  name VARBINARY(1024) NOT NULL,
  times BIGINT NOT NULL,
  PRIMARY KEY (session, name)
) ENGINE = InnoDB
//

-- The next version, within a transaction. A failover to a replica that was behind, or a restored
-- backup, sets the counter back. So a version is never more than a second behind the clock, in units
-- of 10 microseconds, and a counter that was set back jumps above all that it had given out.
CREATE PROCEDURE IF NOT EXISTS holdfast_next_version(OUT drawn BIGINT)
BEGIN
  DECLARE clock BIGINT DEFAULT
    TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6)) DIV 10;
  INSERT INTO holdfast_version (id) VALUES (NULL);
  SET drawn = LAST_INSERT_ID();
  DELETE FROM holdfast_version WHERE id = drawn;
  IF drawn < clock - 100000 AND clock < 1125899906842624 THEN
    INSERT IGNORE INTO holdfast_version (id) VALUES (clock);
    INSERT INTO holdfast_version (id) VALUES (NULL);
    SET drawn = LAST_INSERT_ID();
    DELETE FROM holdfast_version WHERE id = clock;
    DELETE FROM holdfast_version WHERE id = drawn;
  END IF;
END
//

-- Replaces, makes (expected 0) or deletes (bytes NULL) a record of the expected version, in one
-- round trip. Gives the new version, or the record that stood in the way.
--
-- A version that is drawn must be above all that the name has ever had. An UPDATE that finds the
-- expected version knows that, because the expected one is older than its draw. An INSERT does not:
-- between its draw and its look at the index the name may have been changed and deleted. Therefore
-- it draws when it has the name already.
CREATE PROCEDURE IF NOT EXISTS holdfast_compare_and_set(
  IN p_space VARBINARY(512), IN p_name VARBINARY(1024), IN p_expected BIGINT, IN p_bytes LONGBLOB)
BEGIN
  DECLARE fresh BIGINT DEFAULT 0;
  DECLARE done BIGINT DEFAULT 0;
  DECLARE stood BIGINT;
  DECLARE content LONGBLOB;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    ROLLBACK;
    RESIGNAL;
  END;
  attempt: LOOP
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    START TRANSACTION;
    IF p_bytes IS NULL THEN
      DELETE FROM holdfast_record
        WHERE space = p_space AND name = p_name AND version = p_expected;
      SET done = ROW_COUNT();
    ELSEIF p_expected = 0 THEN
      INSERT IGNORE INTO holdfast_record (space, name, version, bytes)
        VALUES (p_space, p_name, 0, p_bytes);
      SET done = ROW_COUNT();
      IF done = 1 THEN
        CALL holdfast_next_version(fresh);
        UPDATE holdfast_record SET version = fresh WHERE space = p_space AND name = p_name;
      END IF;
    ELSE
      CALL holdfast_next_version(fresh);
      UPDATE holdfast_record SET bytes = p_bytes, version = fresh
        WHERE space = p_space AND name = p_name AND version = p_expected;
      SET done = ROW_COUNT();
    END IF;
    COMMIT;
    IF done = 1 THEN
      SELECT 1 AS written, fresh AS version, NULL AS bytes;
      LEAVE attempt;
    END IF;
    SET stood = NULL;
    SELECT version, bytes INTO stood, content FROM holdfast_record
      WHERE space = p_space AND name = p_name;
    -- What stood in the way of an insertion may have gone since.
    IF stood IS NOT NULL OR p_expected <> 0 OR p_bytes IS NULL THEN
      SELECT 0 AS written, IFNULL(stood, 0) AS version, content AS bytes;
      LEAVE attempt;
    END IF;
  END LOOP;
END
//

-- Makes a session, and sweeps those that have expired: no record needs them.
CREATE PROCEDURE IF NOT EXISTS holdfast_open_session(
  IN p_space VARBINARY(512), IN p_ttl BIGINT, IN p_node VARCHAR(512) CHARACTER SET utf8mb4,
  IN p_host VARCHAR(512) CHARACTER SET utf8mb4, IN p_pid BIGINT)
BEGIN
  DECLARE made BIGINT DEFAULT 0;
  DECLARE clock BIGINT DEFAULT
    TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6));
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    ROLLBACK;
    RESIGNAL;
  END;
  IF EXISTS (SELECT 1 FROM holdfast_session WHERE expires_at <= clock) THEN
    DELETE FROM holdfast_session WHERE expires_at <= clock;
    DELETE n FROM holdfast_notice n LEFT JOIN holdfast_session s ON s.id = n.session
      WHERE s.id IS NULL;
  END IF;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  START TRANSACTION;
  CALL holdfast_next_version(made);
  INSERT INTO holdfast_session (id, space, ttl, expires_at, node, host, pid)
    VALUES (made, p_space, p_ttl, clock + p_ttl, p_node, p_host, p_pid);
  COMMIT;
  SELECT made;
END
//

INSERT IGNORE INTO holdfast_format (id, number) VALUES (1, 1)
//

DELIMITER ;
