-- The tables of Holdfast in PostgreSQL 12 or later, format 1. An engine makes them when it is first
-- opened, if it may. Otherwise run this as an owner of the database, again if it was interrupted:
--
--   psql --single-transaction --file postgresql.sql DATABASE
--
-- and let the users of the locks in:
--
--   GRANT USAGE ON SCHEMA holdfast TO app;
--   GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA holdfast TO app;
--   GRANT SELECT, USAGE, UPDATE ON ALL SEQUENCES IN SCHEMA holdfast TO app;
--
-- For another schema, replace "holdfast." and "SCHEMA IF NOT EXISTS holdfast" throughout.

CREATE SCHEMA IF NOT EXISTS holdfast;

CREATE TABLE IF NOT EXISTS holdfast.format (
  number integer NOT NULL
);

-- Versions of records and numbers of sessions: one counter, without a cache, for all spaces.
CREATE SEQUENCE IF NOT EXISTS holdfast.version CACHE 1;

CREATE TABLE IF NOT EXISTS holdfast.record (
  space bytea NOT NULL,
  name bytea NOT NULL,
  version bigint NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (space, name)
) WITH (
  fillfactor = 70,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_threshold = 2000
);

-- Times are microseconds of the server's clock. A session is alive as long as its row is there.
CREATE TABLE IF NOT EXISTS holdfast.session (
  id bigint PRIMARY KEY,
  space bytea NOT NULL,
  ttl bigint NOT NULL,
  expires_at bigint NOT NULL,
  node text NOT NULL,
  host text NOT NULL,
  pid bigint NOT NULL,
  channel text,
  report bytea
) WITH (
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0.05,
  autovacuum_vacuum_threshold = 500
);

-- Wake-ups for sessions that cannot LISTEN. They may be lost, so they need no log.
CREATE UNLOGGED TABLE IF NOT EXISTS holdfast.notice (
  session bigint NOT NULL,
  name bytea NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (session, name)
);

-- The next version. A failover to a standby that was behind, or a restored backup, sets the sequence
-- back. So a version is never more than a second behind the clock, in units of 10 microseconds, and
-- a counter that was set back jumps above all that it had given out.
CREATE OR REPLACE FUNCTION holdfast.next_version() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  drawn bigint := nextval('holdfast.version');
  clock bigint := (extract(epoch FROM clock_timestamp()) * 100000)::bigint;
BEGIN
  IF drawn < clock - 100000 AND clock < (1::bigint << 50) THEN
    PERFORM pg_advisory_xact_lock(5213543512174051);
    IF (SELECT last_value FROM holdfast.version) < clock - 100000 THEN
      PERFORM setval('holdfast.version', clock);
    END IF;
    drawn := nextval('holdfast.version');
  END IF;
  RETURN drawn;
END $$;

CREATE OR REPLACE FUNCTION holdfast.wake(p_sessions bigint[], p_name bytea) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify(channel, id || ' ' || encode(p_name, 'hex'))
    FROM holdfast.session WHERE id = ANY (p_sessions) AND channel IS NOT NULL;
  -- The row of an earlier notice is locked until this is committed, so that whoever takes the notice
  -- away sees what it is about.
  INSERT INTO holdfast.notice AS n (session, name, count)
    SELECT id, p_name, 1 FROM holdfast.session
    WHERE id = ANY (p_sessions) AND channel IS NULL ORDER BY id
    ON CONFLICT (session, name) DO UPDATE SET count = n.count + 1;
END $$;

-- Replaces, makes (expected 0) or deletes (bytes NULL) a record of the expected version, in one
-- round trip. Returns the new version, or the record that stood in the way.
--
-- A version that is drawn must be above all that the name has ever had. An UPDATE that finds the
-- expected version knows that, because the expected one is older than its draw. An INSERT does not:
-- between its draw and its look at the index the name may have been changed and deleted. Therefore
-- whoever inserts or deletes holds a lock on the name until the commit.
CREATE OR REPLACE FUNCTION holdfast.compare_and_set(
  p_space bytea, p_name bytea, p_expected bigint, p_bytes bytea, p_wake bigint[],
  OUT written boolean, OUT current bigint, OUT content bytea)
LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'Holdfast needs transactions that are read committed'
      USING ERRCODE = 'HF001';
  END IF;
  IF current_setting('synchronous_commit') = 'off' THEN
    -- A lock that a crash of the server can undo was never one.
    PERFORM set_config('synchronous_commit', 'local', true);
  END IF;
  IF p_bytes IS NULL OR p_expected = 0 THEN
    PERFORM pg_advisory_xact_lock(1212894276, hashtext(encode(p_space || p_name, 'hex')));
  END IF;
  LOOP
    current := 0;
    content := NULL;
    IF p_bytes IS NULL THEN
      DELETE FROM holdfast.record r
        WHERE r.space = p_space AND r.name = p_name AND r.version = p_expected;
    ELSIF p_expected = 0 THEN
      current := holdfast.next_version();
      INSERT INTO holdfast.record (space, name, version, bytes)
        VALUES (p_space, p_name, current, p_bytes) ON CONFLICT DO NOTHING;
    ELSE
      current := holdfast.next_version();
      UPDATE holdfast.record r SET bytes = p_bytes, version = current
        WHERE r.space = p_space AND r.name = p_name AND r.version = p_expected;
    END IF;
    written := FOUND;
    IF written THEN
      IF cardinality(p_wake) > 0 THEN
        PERFORM holdfast.wake(p_wake, p_name);
      END IF;
      RETURN;
    END IF;
    SELECT r.version, r.bytes INTO current, content
      FROM holdfast.record r WHERE r.space = p_space AND r.name = p_name;
    IF NOT FOUND THEN
      current := 0;
      written := p_expected = 0 AND p_bytes IS NULL;
    END IF;
    EXIT WHEN written OR current <> p_expected;
  END LOOP;
END $$;

-- Makes a session, and sweeps those that have expired: no record needs them.
CREATE OR REPLACE FUNCTION holdfast.open_session(
  p_space bytea, p_ttl bigint, p_node text, p_host text, p_pid bigint, p_channel text)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  clock bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
  made bigint;
BEGIN
  DELETE FROM holdfast.session WHERE id IN (
    SELECT id FROM holdfast.session WHERE expires_at <= clock FOR UPDATE SKIP LOCKED);
  IF FOUND THEN
    DELETE FROM holdfast.notice n
      WHERE NOT EXISTS (SELECT 1 FROM holdfast.session s WHERE s.id = n.session);
  END IF;
  made := holdfast.next_version();
  INSERT INTO holdfast.session (id, space, ttl, expires_at, node, host, pid, channel)
    VALUES (made, p_space, p_ttl, clock + p_ttl, p_node, p_host, p_pid, p_channel);
  RETURN made;
END $$;

INSERT INTO holdfast.format (number) SELECT 1 WHERE NOT EXISTS (SELECT FROM holdfast.format);
