@NullMarked
package dev.pipewright.client.xgboost;

import org.jspecify.annotations.NullMarked;
