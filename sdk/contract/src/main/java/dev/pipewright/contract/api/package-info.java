/// Bodies of the REST API. Times are ISO-8601 in UTC, durations are milliseconds, ids are opaque
/// strings.
@NullMarked
package dev.pipewright.contract.api;

import org.jspecify.annotations.NullMarked;
