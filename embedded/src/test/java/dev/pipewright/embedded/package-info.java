@NullMarked
package dev.pipewright.embedded;

import org.jspecify.annotations.NullMarked;
