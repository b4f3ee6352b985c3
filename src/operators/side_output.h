// Outputs beside the main one: a tag names a port and gives it a type.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "metrics/names.h"
#include "metrics/registry.h"
#include "operators/emitter.h"

namespace thalweg::operators {

template <typename X>
struct OutputTag {
  std::string name;
};

/// A port that somebody reads. What goes to a tag without a port is dropped, as in Flink, and counted:
/// side_output.<tag>.numRecordsDropped of the operator.
struct SidePort {
  std::string name;
  const types::ObjectType* type = nullptr;
  int port = 0;
  std::function<std::unique_ptr<EmitterBase>()> make;
};

template <typename X>
SidePort SidePortOf(const OutputTag<X>& tag, int port) {
  return {tag.name, &types::ObjectTypeOf<X>(), port, [port] { return std::make_unique<Emitter<X>>(port); }};
}

/// All ports of one operator: the main one of Out, and the side ones.
template <typename Out>
class Ports {
 public:
  explicit Ports(const std::vector<SidePort>& sides = {}) : sides_(sides) {
    all_.push_back(&main_);
    for (const SidePort& side : sides_) {
      owned_.push_back(side.make());
      all_.push_back(owned_.back().get());
    }
  }
  Ports(const Ports&) = delete;
  Ports& operator=(const Ports&) = delete;

  Emitter<Out>& main() { return main_; }
  /// Where the next row for the tag goes. Null if it has no port: the row is counted as dropped. Throws std::invalid_argument if the port is of another type, or the tag
  /// has no name.
  EmitterBase* Find(const std::string& name, const types::ObjectType& type) {
    if (name.empty()) throw std::invalid_argument("An OutputTag without a name");
    for (size_t i = 0; i < sides_.size(); ++i) {
      if (sides_[i].name != name) continue;
      if (sides_[i].type->name != type.name) {
        throw std::invalid_argument(
            fmt::format("Side output '{}' is of {}, not {}", name, sides_[i].type->name, type.name));
      }
      return owned_[i].get();
    }
    metrics::Counter*& dropped = dropped_[name];
    if (!dropped)
      dropped = &context_->metrics().AddGroup(metrics::kSideOutputGroup, name).counter(metrics::kNumRecordsDropped);
    dropped->Increment();
    return nullptr;
  }
  template <typename X>
  Emitter<X>& at(size_t side) {
    return static_cast<Emitter<X>&>(*owned_[side]);
  }

  Status Open(flow::Context& context) {
    context_ = &context;
    for (EmitterBase* port : all_) THALWEG_TRY(port->Open(context));
    return {};
  }
  bool Drain(flow::Output& out) {
    bool drained = true;
    for (EmitterBase* port : all_) drained = port->Drain(out) && drained;
    return drained;
  }
  bool Flush() {
    bool flushed = true;
    for (EmitterBase* port : all_) flushed = port->Flush() && flushed;
    return flushed;
  }
  Status Snapshot() {
    for (EmitterBase* port : all_) THALWEG_TRY(port->Snapshot());
    return {};
  }
  /// A spill that overflowed in the last call.
  Status status() const {
    for (const EmitterBase* port : all_) THALWEG_TRY(port->status());
    return {};
  }

 private:
  Emitter<Out> main_{0};
  std::vector<SidePort> sides_;
  std::vector<std::unique_ptr<EmitterBase>> owned_;
  std::vector<EmitterBase*> all_;
  flow::Context* context_ = nullptr;
  std::map<std::string, metrics::Counter*> dropped_;  // by tag
};

}  // namespace thalweg::operators
