#include "sql/grammar.h"

namespace thalweg::sql {

// The arguments of a JSON function with clauses of its own; false if `call` is none.
bool Grammar::ParseJson(Call& call) {
  std::string function = at_.At(at_.index() - 2).upper;
  bool path = function == "JSON_EXISTS" || function == "JSON_VALUE" || function == "JSON_QUERY";
  bool pairs = function == "JSON_OBJECT" || function == "JSON_OBJECTAGG";
  bool list = function == "JSON_ARRAY" || function == "JSON_ARRAYAGG";
  if (!path && !pairs && !list) return false;
  JsonClauses clauses;
  call.name[0].text = function;
  call.syntax = pairs ? CallSyntax::kJsonObject : CallSyntax::kJson;
  auto nulls_ahead = [&] { return at_.Is("NULL ON") || at_.Is("ABSENT ON"); };
  if (path) {
    ParseJsonPath(call, clauses);
  } else if (!at_.IsSymbol(")") && !nulls_ahead()) {
    if (pairs) {
      ParseJsonPairs(call);
    } else {
      CommaSeparated([&] { call.arguments.push_back(ParseExpr()); });
    }
    if (at_.Accept("ORDER BY")) call.order_by = ParseOrderItems();
  }
  if (!path) ParseJsonNulls(clauses);
  call.json = std::make_shared<const JsonClauses>(std::move(clauses));
  return true;
}

void Grammar::ParseJsonPath(Call& call, JsonClauses& clauses) {
  call.arguments.push_back(ParseExpr());
  at_.ExpectSymbol(",");
  call.arguments.push_back(ParseExpr());
  if (at_.Accept("RETURNING")) clauses.returning = ParseType();
  ParseJsonWrapper(clauses);
  while (ParseJsonFallback(clauses)) {
  }
}

// [KEY] k VALUE v, or k : v
void Grammar::ParseJsonPairs(Call& call) {
  CommaSeparated([&] {
    bool key_word = at_.Is("KEY") && !at_.Peek(1).IsWord("VALUE") && !at_.Peek(1).IsSymbol(":");
    if (key_word) at_.Take();
    call.arguments.push_back(ParseExpr());
    if (!at_.AcceptSymbol(":") && !at_.Accept("VALUE")) at_.Fail("VALUE or \":\" and a value");
    call.arguments.push_back(ParseExpr());
  });
}

void Grammar::ParseJsonWrapper(JsonClauses& clauses) {
  if (at_.Accept("WITHOUT")) {
    clauses.wrapper = JsonWrapper::kWithout;
  } else if (at_.Accept("WITH")) {
    clauses.wrapper = at_.Accept("CONDITIONAL") ? JsonWrapper::kConditional : JsonWrapper::kUnconditional;
    if (*clauses.wrapper == JsonWrapper::kUnconditional) at_.Accept("UNCONDITIONAL");
  } else {
    return;
  }
  at_.Accept("ARRAY");
  at_.Expect("WRAPPER");
}

// NULL ON EMPTY, DEFAULT 1 ON ERROR; false if nothing of the kind follows.
bool Grammar::ParseJsonFallback(JsonClauses& clauses) {
  JsonFallback fallback{JsonBehavior::kNull, nullptr};
  if (at_.Accept("ERROR")) {
    fallback.behavior = JsonBehavior::kError;
  } else if (at_.Accept("TRUE")) {
    fallback.behavior = JsonBehavior::kTrue;
  } else if (at_.Accept("FALSE")) {
    fallback.behavior = JsonBehavior::kFalse;
  } else if (at_.Accept("UNKNOWN")) {
    fallback.behavior = JsonBehavior::kUnknown;
  } else if (at_.Accept("EMPTY ARRAY")) {
    fallback.behavior = JsonBehavior::kEmptyArray;
  } else if (at_.Accept("EMPTY OBJECT")) {
    fallback.behavior = JsonBehavior::kEmptyObject;
  } else if (at_.Accept("DEFAULT")) {
    fallback = {JsonBehavior::kDefault, ParseExpr()};
  } else if (!at_.Accept("NULL")) {
    return false;
  }
  at_.Expect("ON");
  std::optional<JsonFallback>& slot =
      at_.ExpectOneOf({"EMPTY", "ERROR"}, "EMPTY or ERROR after ON") == 0 ? clauses.on_empty : clauses.on_error;
  if (slot) at_.FailAt(at_.here(), "this clause is given twice");
  slot = std::move(fallback);
  return true;
}

void Grammar::ParseJsonNulls(JsonClauses& clauses) {
  if (at_.Accept("NULL ON NULL")) clauses.on_null = JsonNulls::kNull;
  if (at_.Accept("ABSENT ON NULL")) clauses.on_null = JsonNulls::kAbsent;
}

}  // namespace thalweg::sql
