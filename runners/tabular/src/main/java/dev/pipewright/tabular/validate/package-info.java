/// `pipewright/validate-data@v1`: whether a table is as expected, and what has drifted.
@NullMarked
package dev.pipewright.tabular.validate;

import org.jspecify.annotations.NullMarked;
