/// Tables out of a database and into one, over JDBC: `pipewright/query@v1` and
/// `pipewright/load@v1`.
@NullMarked
package dev.pipewright.tabular.database;

import org.jspecify.annotations.NullMarked;
