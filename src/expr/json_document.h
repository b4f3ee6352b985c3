// A JSON document as a tree. Rule: texts point into the document that was parsed, and numbers are kept as they were written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::expr {

class JsonValue;

/// Parsed one after the other, so that its memory is used again.
class JsonDocument {
 public:
  /// False if `text` begins with no JSON value; what stands behind it does not matter, as in Flink. It outlives what is read of it; the values of the document before are gone.
  bool Parse(std::string_view text);
  /// After Parse gave true.
  JsonValue root() const;

 private:
  friend class JsonValue;
  enum class Kind : uint8_t { kNull, kTrue, kFalse, kNumber, kString, kArray, kObject };
  struct Node {
    Kind kind;
    uint32_t end;  // the first node that is no part of this one
    std::string_view name, text;
  };

  void SkipBlanks();
  bool Take(char c);
  bool ParseValue(std::string_view name, int depth);
  bool ParseMembers(int depth);
  bool ParseElements(int depth);
  bool ParseString(std::string_view* text);
  bool ParseEscape();
  bool ParseNumber(std::string_view* text);
  bool ParseWord(std::string_view word);

  std::vector<Node> nodes_;  // each before its parts
  std::string unescaped_;    // never grows beyond what Parse reserves: views point into it
  std::string_view rest_;
};

/// A part of a document, cheap to copy. Walking it gives its elements or members.
class JsonValue {
 public:
  bool is_null() const { return node().kind == Kind::kNull; }
  bool is_bool() const { return node().kind == Kind::kTrue || node().kind == Kind::kFalse; }
  bool is_true() const { return node().kind == Kind::kTrue; }
  bool is_number() const { return node().kind == Kind::kNumber; }
  bool is_string() const { return node().kind == Kind::kString; }
  bool is_array() const { return node().kind == Kind::kArray; }
  bool is_object() const { return node().kind == Kind::kObject; }
  bool is_scalar() const { return !is_array() && !is_object(); }
  /// Of a string without quotes and escapes; of a number as it was written.
  std::string_view text() const { return node().text; }
  /// As a member of an object.
  std::string_view name() const { return node().name; }
  /// Elements or members; of members of one name the last counts, in the place of the first, as in Java's maps.
  std::vector<JsonValue> parts() const;
  /// The member of that name.
  bool Find(std::string_view name, JsonValue* member) const;

 private:
  friend class JsonDocument;
  using Kind = JsonDocument::Kind;
  JsonValue(const JsonDocument* document, uint32_t index) : document_(document), index_(index) {}
  const JsonDocument::Node& node() const { return document_->nodes_[index_]; }

  const JsonDocument* document_;
  uint32_t index_;
};

inline JsonValue JsonDocument::root() const { return {this, 0}; }

/// Compact, keys in order, numbers as Java prints them.
void AppendJson(JsonValue value, std::string& out);
/// Of a scalar without quotes; JSON's null is "null".
std::string JsonScalarText(JsonValue value);

}  // namespace thalweg::expr
