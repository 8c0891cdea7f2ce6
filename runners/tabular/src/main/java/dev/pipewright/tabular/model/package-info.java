/// What every model of tables can do, whatever it was made by.
@NullMarked
package dev.pipewright.tabular.model;

import org.jspecify.annotations.NullMarked;
