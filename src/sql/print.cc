#include "sql/print.h"

#include "sql/printer.h"

namespace thalweg::sql {

void Printer::Word(std::string_view text) {
  if (!out_.empty() && out_.back() != ' ' && out_.back() != '(' && out_.back() != '[' && out_.back() != '<')
    out_ += ' ';
  out_ += text;
}

void Printer::Quoted(std::string_view text) {
  Word("'");
  for (char c : text) {
    if (c == '\'') out_ += c;
    out_ += c;
  }
  out_ += '\'';
}

void Printer::Identifier(const sql::Identifier& identifier) {
  Word("`");
  for (char c : identifier.text) {
    if (c == '`') out_ += c;
    out_ += c;
  }
  out_ += '`';
}

void Printer::Path(const Name& name) {
  for (size_t i = 0; i < name.size(); ++i) {
    if (i == 0) {
      Identifier(name[i]);
    } else {
      Printer part;
      part.Identifier(name[i]);
      Raw("." + part.Take());
    }
  }
}

void Printer::Columns(const std::vector<sql::Identifier>& columns) {
  Word("(");
  Separated(columns, ", ", [&](const auto& column) { Identifier(column); });
  Raw(")");
}

void Printer::OptionList(const Options& options) {
  Word("(");
  Separated(options, ", ", [&](const Option& option) {
    Quoted(option.key);
    Raw(" =");
    Quoted(option.value);
  });
  Raw(")");
}

void Printer::Hints(const std::vector<Hint>& hints) {
  if (hints.empty()) return;
  Word("/*+");
  Separated(hints, ",", [&](const Hint& hint) {
    Identifier(hint.name);
    if (!hint.options.empty()) {
      OptionList(hint.options);
    } else if (!hint.arguments.empty()) {
      Word("(");
      Separated(hint.arguments, ", ", [&](const std::string& argument) { Quoted(argument); });
      Raw(")");
    }
  });
  Word("*/");
}

std::string Print(const Statement& statement) {
  Printer printer;
  printer.PrintStatement(statement);
  return printer.Take();
}
std::string Print(const Query& query) {
  Printer printer;
  printer.PrintQuery(query);
  return printer.Take();
}
std::string Print(const Expr& expr) {
  Printer printer;
  printer.Expression(expr);
  return printer.Take();
}
std::string PrintPlain(const Expr& expr) {
  Printer printer(true);
  printer.Expression(expr);
  return printer.Take();
}
std::string Print(const TypeSpec& type) {
  Printer printer;
  printer.Type(type);
  return printer.Take();
}
std::string Print(const Name& name) {
  Printer printer;
  printer.Path(name);
  return printer.Take();
}

}  // namespace thalweg::sql
