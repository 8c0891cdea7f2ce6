/// `pipewright/predict@v1`: what a model says of a table.
@NullMarked
package dev.pipewright.tabular.predict;

import org.jspecify.annotations.NullMarked;
