/// How good a model is: the measures, how sure they are, and where the model errs.
@NullMarked
package dev.pipewright.tabular.evaluate;

import org.jspecify.annotations.NullMarked;
