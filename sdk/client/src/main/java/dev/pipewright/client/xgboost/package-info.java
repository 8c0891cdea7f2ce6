/// Logging of XGBoost4J trainings. Needs `ml.dmlc:xgboost4j_2.13` on the class path.
@NullMarked
package dev.pipewright.client.xgboost;

import org.jspecify.annotations.NullMarked;
