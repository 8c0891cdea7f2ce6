package dev.pipewright.platform;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.io.IOException;
import java.sql.SQLException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransientException;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.HandleConsumer;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.postgres.PostgresPlugin;

/// The way into PostgreSQL for exact SQL: `*Store` classes take a [Handle] where they take part in
/// somebody's transaction.
@ApplicationScoped
public class Db {
  private final Jdbi jdbi;

  @Inject
  public Db(DataSource dataSource) {
    this.jdbi = Jdbi.create(dataSource).installPlugin(new PostgresPlugin());
    jdbi.registerRowMapper(RecordMapper.FACTORY);
  }

  /// Runs one transaction: all or nothing. It is READ COMMITTED, as the pool sets up its
  /// connections; asking for it here would cost six more round trips. Within another one on this
  /// thread it is a part of that one.
  public <R, X extends Exception> R inTransaction(HandleCallback<R, X> work) throws X {
    return jdbi.inTransaction(work);
  }

  /// Runs one transaction without a result.
  public <X extends Exception> void useTransaction(HandleConsumer<X> work) throws X {
    jdbi.useTransaction(work);
  }

  /// A connection that is kept, such as for a lock that lasts as long as its holder lives.
  public Handle open() {
    return jdbi.open();
  }

  /// Reads, each statement by itself, unless a transaction is under way on this thread.
  public <R, X extends Exception> R read(HandleCallback<R, X> work) throws X {
    return jdbi.withHandle(work);
  }

  /// Whether trying the same again later may help: the database is away, restarting, or chose this
  /// transaction as the victim of a conflict.
  public static boolean isTransient(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLTransientException || cause instanceof SQLRecoverableException) {
        return true;
      }
      if (cause instanceof SQLException sql) {
        var state = sql.getSQLState();
        // No state: the pool could not hand out a connection. 08 connection, 40 rollback, 53
        // resources, 57P shutdown.
        if (state == null
            || state.startsWith("08")
            || state.startsWith("40")
            || state.startsWith("53")
            || state.startsWith("57P")
            || state.equals("55006")) {
          return true;
        }
      }
    }
    return false;
  }

  /// Whether the same data will fail again however often it is tried: the database refuses the data
  /// itself (SQLSTATE 22 and 23), or our code does. Trouble with the disk, the connection or the
  /// schema is none of the data's fault.
  public static boolean isPermanent(Throwable failure) {
    boolean ours = true;
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql) {
        var state = sql.getSQLState();
        return state != null && (state.startsWith("22") || state.startsWith("23"));
      }
      ours &= !(cause instanceof IOException);
    }
    return ours;
  }
}
