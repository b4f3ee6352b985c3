// Bytes of a file sink's parts on their way to the storage, on I/O threads.
// Rule: bytes are written in the order in which they were given, one job at a time; nothing blocks but the job itself.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "flow/context.h"
#include "io/storage.h"

namespace thalweg::connectors {

/// Several parts may be begun at once: each holds a file open until it is made durable. The task's thread calls.
class FilePartWriter {
 public:
  FilePartWriter(std::shared_ptr<io::Storage> storage, flow::Context& context);
  ~FilePartWriter();

  /// Adds bytes to the part of hidden name `path`; `last`: and makes it durable.
  void Write(const std::string& path, std::string bytes, bool last);
  /// True if at most `jobs` writes are outstanding; otherwise the Waker will be woken (or the timer come). The error of a write, once
  /// one has failed.
  Result<bool> AtMost(size_t jobs);

 private:
  struct Job {
    std::string path, bytes;
    bool last;
  };
  struct Shared {
    std::mutex mutex;
    std::deque<Job> jobs;  // the first may be in work
    Status error;
    bool running = false;
    bool cancelled = false;
    size_t wanted = 0;  // the sink sleeps until fewer jobs are left; 0: it does not
    std::shared_ptr<flow::Waker> waker;
    std::shared_ptr<io::Storage> storage;
    std::map<std::string, std::unique_ptr<io::Writer>> writers;  // of the parts that were begun; the running job's
  };

  void Start();
  static void Work(Shared& shared);
  static Status Do(Shared& shared, const Job& job);

  flow::Context* context_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace thalweg::connectors
