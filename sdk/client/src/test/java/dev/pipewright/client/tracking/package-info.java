@NullMarked
package dev.pipewright.client.tracking;

import org.jspecify.annotations.NullMarked;
