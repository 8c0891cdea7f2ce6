/// Tells whoever listens what is new in the catalog.
@NullMarked
package dev.pipewright.tracker.catalog;

import org.jspecify.annotations.NullMarked;
