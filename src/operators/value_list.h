// Values in the order in which they came, of which one may be taken back: what LISTAGG, ARRAY_AGG, FIRST_VALUE and LAST_VALUE keep.
// Rule: a retraction takes the oldest equal value; one that finds none is remembered and takes its value when lists are merged, as in
// Flink. Values are bytes.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "types/codec.h"

namespace thalweg::operators {

class ValueList {
 public:
  void Add(std::string value) {
    if (indexed_) places_.emplace(value, next_);
    values_.emplace_hint(values_.end(), next_++, std::move(value));
  }
  void Retract(const std::string& value) {
    if (!Take(value)) missing_.push_back(value);
  }
  /// `other` came later.
  void Merge(const ValueList& other) {
    for (const auto& [place, value] : other.values_) Add(value);
    std::vector<std::string> missing = std::exchange(missing_, {});
    missing.insert(missing.end(), other.missing_.begin(), other.missing_.end());
    for (const std::string& value : missing) Retract(value);
  }
  bool empty() const { return values_.empty(); }
  const std::string& first() const { return values_.begin()->second; }
  const std::string& last() const { return values_.rbegin()->second; }
  /// By place, ascending.
  const std::map<uint64_t, std::string>& values() const { return values_; }

  void Encode(ByteWriter& out) const {
    out.Varint(values_.size());
    for (const auto& [place, value] : values_) out.String(value);
    types::Codec<std::vector<std::string>>::Encode(missing_, out);
  }
  void Decode(ByteReader& in) {
    *this = {};
    const uint64_t count = in.Varint();
    for (uint64_t i = 0; i < count && !in.failed(); ++i) Add(std::string(in.String()));
    types::Codec<std::vector<std::string>>::Decode(in, missing_);
  }

 private:
  // The index is made with the first retraction: most lists never see one.
  void Index() {
    for (const auto& [place, value] : values_) places_.emplace(value, place);
    indexed_ = true;
  }
  bool Take(const std::string& value) {
    if (!indexed_) Index();
    auto at = places_.lower_bound({value, 0});
    if (at == places_.end() || at->first != value) return false;
    values_.erase(at->second);
    places_.erase(at);
    return true;
  }

  uint64_t next_ = 0;
  bool indexed_ = false;
  std::map<uint64_t, std::string> values_;
  std::set<std::pair<std::string, uint64_t>> places_;
  std::vector<std::string> missing_;
};

}  // namespace thalweg::operators

template <>
struct thalweg::types::Codec<thalweg::operators::ValueList> {
  static std::string Name() { return "value-list/1"; }
  static void Encode(const operators::ValueList& value, ByteWriter& out) { value.Encode(out); }
  static void Decode(ByteReader& in, operators::ValueList& value) { value.Decode(in); }
};
