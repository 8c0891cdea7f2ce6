/// Logged models and the catalog: registered models, versions, aliases, lineage.
@NullMarked
package dev.pipewright.tracker.model;

import org.jspecify.annotations.NullMarked;
