package dev.pipewright.platform;

import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/// Creates the topics before anything reads or writes them.
@ApplicationScoped
class TopicSetup {
  void onStart(@Observes @Priority(20) StartupEvent event, Kafka kafka) {
    kafka.createTopics();
  }
}
