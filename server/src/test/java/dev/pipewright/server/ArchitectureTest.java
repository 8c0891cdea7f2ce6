package dev.pipewright.server;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.time.Instant;

/// The arrows of ARCHITECTURE.md.
@AnalyzeClasses(packages = "dev.pipewright", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static final ArchRule PARTS =
      layeredArchitecture()
          .consideringOnlyDependenciesInAnyPackage("dev.pipewright..")
          .layer("contract")
          .definedBy("dev.pipewright.contract..")
          .layer("language")
          .definedBy("dev.pipewright.language..")
          .layer("embedded")
          .definedBy("dev.pipewright.embedded..")
          .layer("platform")
          .definedBy("dev.pipewright.platform..")
          .layer("orchestrator")
          .definedBy("dev.pipewright.orchestrator..")
          .layer("tracker")
          .definedBy("dev.pipewright.tracker..")
          .layer("server")
          .definedBy("dev.pipewright.server..")
          .whereLayer("server")
          .mayNotBeAccessedByAnyLayer()
          // They meet in contract types, over Kafka and HTTP.
          .whereLayer("orchestrator")
          .mayOnlyBeAccessedByLayers("server")
          .whereLayer("tracker")
          .mayOnlyBeAccessedByLayers("server")
          .whereLayer("platform")
          .mayOnlyBeAccessedByLayers("orchestrator", "tracker", "server")
          .whereLayer("embedded")
          .mayOnlyBeAccessedByLayers("server")
          .whereLayer("language")
          .mayOnlyBeAccessedByLayers("orchestrator");

  @ArchTest
  static final ArchRule ORCHESTRATOR =
      layeredArchitecture()
          .consideringOnlyDependenciesInAnyPackage("dev.pipewright.orchestrator..")
          .layer("pool")
          .definedBy("dev.pipewright.orchestrator.pool..")
          .layer("pipeline")
          .definedBy("dev.pipewright.orchestrator.pipeline..")
          .layer("run")
          .definedBy("dev.pipewright.orchestrator.run..")
          .layer("launch")
          .definedBy("dev.pipewright.orchestrator.launch..")
          .layer("live")
          .definedBy("dev.pipewright.orchestrator.live..")
          .layer("fire")
          .definedBy("dev.pipewright.orchestrator.fire..")
          .layer("schedule")
          .definedBy("dev.pipewright.orchestrator.schedule..")
          .layer("trigger")
          .definedBy("dev.pipewright.orchestrator.trigger..")
          .layer("retention")
          .definedBy("dev.pipewright.orchestrator.retention..")
          .layer("study")
          .definedBy("dev.pipewright.orchestrator.study..")
          .whereLayer("study")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("retention")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("schedule")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("trigger")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("fire")
          .mayOnlyBeAccessedByLayers("schedule", "trigger", "study")
          .whereLayer("launch")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("live")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("pool")
          .mayOnlyBeAccessedByLayers("pipeline", "run")
          .whereLayer("run")
          .mayOnlyBeAccessedByLayers("launch", "live", "fire", "schedule", "retention");

  @ArchTest
  static final ArchRule TRACKER =
      layeredArchitecture()
          .consideringOnlyDependenciesInAnyPackage("dev.pipewright.tracker..")
          .layer("run")
          .definedBy("dev.pipewright.tracker.run..")
          .layer("metric")
          .definedBy("dev.pipewright.tracker.metric..")
          .layer("artifact")
          .definedBy("dev.pipewright.tracker.artifact..")
          .layer("model")
          .definedBy("dev.pipewright.tracker.model..")
          .layer("live")
          .definedBy("dev.pipewright.tracker.live..")
          .layer("ingest")
          .definedBy("dev.pipewright.tracker.ingest..")
          .layer("search")
          .definedBy("dev.pipewright.tracker.search..")
          .layer("webhook")
          .definedBy("dev.pipewright.tracker.webhook..")
          .layer("trace")
          .definedBy("dev.pipewright.tracker.trace..")
          .layer("evaluation")
          .definedBy("dev.pipewright.tracker.evaluation..")
          .layer("deletion")
          .definedBy("dev.pipewright.tracker.deletion..")
          .layer("watch")
          .definedBy("dev.pipewright.tracker.watch..")
          .layer("mlflow")
          .definedBy("dev.pipewright.tracker.mlflow..")
          .whereLayer("mlflow")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("deletion")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("search")
          .mayOnlyBeAccessedByLayers("mlflow")
          .whereLayer("trace")
          .mayOnlyBeAccessedByLayers("mlflow")
          .whereLayer("evaluation")
          .mayOnlyBeAccessedByLayers("mlflow")
          .whereLayer("watch")
          .mayOnlyBeAccessedByLayers("ingest")
          .whereLayer("webhook")
          .mayOnlyBeAccessedByLayers("ingest", "deletion", "mlflow")
          .whereLayer("ingest")
          .mayOnlyBeAccessedByLayers("mlflow")
          .whereLayer("live")
          .mayOnlyBeAccessedByLayers("ingest", "mlflow")
          .whereLayer("model")
          .mayOnlyBeAccessedByLayers("live", "ingest", "mlflow")
          .whereLayer("metric")
          .mayOnlyBeAccessedByLayers("model", "live", "ingest", "search", "mlflow")
          .whereLayer("artifact")
          .mayOnlyBeAccessedByLayers("model", "live", "ingest", "mlflow");

  @ArchTest
  static final ArchRule NO_CYCLES =
      slices().matching("dev.pipewright.(*).(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule DECIDING_IS_PURE =
      noClasses()
          .that()
          .haveNameMatching(
              "dev\\.pipewright\\.orchestrator\\.run\\.(Live\\w+|Transitions|Changes|RunSnapshot)(\\$.*)?")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.jdbi..", "jakarta..", "io.quarkus..", "dev.pipewright.platform..", "java.sql..");

  @ArchTest
  static final ArchRule PURE_CODE_HAS_NO_CLOCK =
      noClasses()
          .that()
          .resideInAnyPackage("dev.pipewright.orchestrator..", "dev.pipewright.tracker..")
          .should()
          .callMethod(Instant.class, "now")
          .orShould()
          .callMethod(System.class, "currentTimeMillis");

  @ArchTest
  static final ArchRule NAMES_SAY_WHAT_A_CLASS_IS =
      noClasses().should().haveNameMatching(".*(Service|Manager|Helper|Utils?|Impl|Dto)");

  @ArchTest
  static final ArchRule ONLY_STORES_MAKE_SQL =
      noClasses()
          .that()
          .resideInAnyPackage("dev.pipewright.orchestrator..", "dev.pipewright.tracker..")
          .and()
          .haveNameNotMatching(".*(Store|Ingest)(\\$.*)?")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.jdbi.v3.core.statement..");
}
