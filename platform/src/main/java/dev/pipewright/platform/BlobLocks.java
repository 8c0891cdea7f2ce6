package dev.pipewright.platform;

import java.io.IOException;

/// Lets one at a time decide about a content, among all servers that share a store.
interface BlobLocks {
  <R> R hold(String digest, Work<R> work) throws IOException;

  @FunctionalInterface
  interface Work<R> {
    R run() throws IOException;
  }

  /// Locks of the database, which are free again when a server dies.
  static BlobLocks in(Db db) {
    return new BlobLocks() {
      @Override
      public <R> R hold(String digest, Work<R> work) throws IOException {
        return db.inTransaction(tx -> {
          tx.execute("select pg_advisory_xact_lock(hashtextextended(?, 0))", digest);
          return work.run();
        });
      }
    };
  }
}
