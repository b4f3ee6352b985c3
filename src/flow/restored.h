// KnowsRestore: what an operator may ask whose state may be missing from the checkpoint that its job goes on from.
#pragma once

namespace thalweg::flow {

/// What a context is beside flow::Context (flow/context.h), if it is a job's.
class KnowsRestore {
 public:
  virtual ~KnowsRestore() = default;
  /// The job goes on from a checkpoint, whether or not there was state of this operator in it.
  virtual bool job_restored() const = 0;
};

}  // namespace thalweg::flow
