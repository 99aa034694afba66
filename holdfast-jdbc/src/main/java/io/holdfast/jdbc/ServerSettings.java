package io.holdfast.jdbc;

/**
 * How a store uses a database server.
 *
 * @param dialect the language
 * @param source where connections come from
 * @param location the address for people, without secrets
 * @param connections how many at most work at the same time
 * @param create whether missing tables are made
 * @param listens whether wake-ups may be listened for, where the server can do that
 */
record ServerSettings(
    ServerDialect dialect,
    Connections source,
    String location,
    int connections,
    boolean create,
    boolean listens) {}
