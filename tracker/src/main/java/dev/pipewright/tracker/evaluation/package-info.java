/// What applications are evaluated with: datasets of questions and expected answers, and scorers.
@NullMarked
package dev.pipewright.tracker.evaluation;

import org.jspecify.annotations.NullMarked;
