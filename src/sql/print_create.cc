#include "sql/printer.h"

namespace thalweg::sql {

std::string_view ObjectKindText(ObjectKind kind) {
  static constexpr std::string_view kWords[] = {"TABLE",   "VIEW",  "MATERIALIZED TABLE", "FUNCTION", "DATABASE",
                                                "CATALOG", "MODEL", "CONNECTION"};
  return kWords[static_cast<size_t>(kind)];
}

namespace {

std::string_view ModeText(CreateMode mode) {
  static constexpr std::string_view kWords[] = {"CREATE", "REPLACE", "CREATE OR REPLACE", "CREATE OR ALTER"};
  return kWords[static_cast<size_t>(mode)];
}

}  // namespace

void Printer::Schema(const std::optional<std::vector<TableElement>>& elements) {
  if (elements) Elements(*elements);
}

void Printer::Comment(const std::optional<std::string>& comment) {
  if (!comment) return;
  Word("COMMENT");
  Quoted(*comment);
}

void Printer::With(const std::optional<Options>& options) {
  if (!options) return;
  Word("WITH");
  OptionList(*options);
}

void Printer::PartitionedBy(const std::vector<sql::Identifier>& columns) {
  if (columns.empty()) return;
  Word("PARTITIONED BY");
  Columns(columns);
}

void Printer::Print(const CreateTable& statement) {
  Word(ModeText(statement.mode));
  If(statement.temporary, "TEMPORARY");
  Word("TABLE");
  If(statement.if_not_exists, "IF NOT EXISTS");
  Path(statement.name);
  Schema(statement.elements);
  Comment(statement.comment);
  if (statement.distribution) Distributed("DISTRIBUTED", *statement.distribution);
  PartitionedBy(statement.partitioned_by);
  With(statement.options);
  if (statement.like) Like(*statement.like);
  if (!statement.query) return;
  Word("AS");
  PrintQuery(*statement.query);
}

void Printer::Print(const CreateMaterializedTable& statement) {
  static constexpr std::string_view kStartModes[] = {"FROM_BEGINNING",     "FROM_NOW",
                                                     "FROM_TIMESTAMP",     "RESUME_OR_FROM_BEGINNING",
                                                     "RESUME_OR_FROM_NOW", "RESUME_OR_FROM_TIMESTAMP"};
  Word(ModeText(statement.mode));
  Word("MATERIALIZED TABLE");
  If(statement.if_not_exists, "IF NOT EXISTS");
  Path(statement.name);
  Schema(statement.elements);
  Comment(statement.comment);
  if (statement.distribution) Distributed("DISTRIBUTED", *statement.distribution);
  PartitionedBy(statement.partitioned_by);
  With(statement.options);
  if (statement.start_mode) {
    Word("START_MODE =");
    Word(kStartModes[static_cast<size_t>(*statement.start_mode)]);
    if (statement.start) {
      Word("(");
      Expression(*statement.start);
      Raw(")");
    }
  }
  if (statement.freshness) {
    Word("FRESHNESS =");
    Expression(*statement.freshness);
  }
  if (statement.full_refresh) Word(*statement.full_refresh ? "REFRESH_MODE = FULL" : "REFRESH_MODE = CONTINUOUS");
  Word("AS");
  PrintQuery(*statement.query);
}

void Printer::Print(const CreateView& statement) {
  Word("CREATE");
  If(statement.temporary, "TEMPORARY");
  Word("VIEW");
  If(statement.if_not_exists, "IF NOT EXISTS");
  Path(statement.name);
  if (!statement.columns.empty()) Columns(statement.columns);
  Comment(statement.comment);
  Word("AS");
  PrintQuery(*statement.query);
}

void Printer::Print(const CreateObject& statement) {
  Word("CREATE");
  If(statement.temporary, "TEMPORARY");
  If(statement.system, "SYSTEM");
  Word(ObjectKindText(statement.kind));
  If(statement.if_not_exists, "IF NOT EXISTS");
  Path(statement.name);
  Comment(statement.comment);
  With(statement.options);
}

void Printer::FunctionBody(const std::string& class_name, const std::optional<std::string>& language) {
  Word("AS");
  Quoted(class_name);
  if (!language) return;
  Word("LANGUAGE");
  Word(*language);
}

void Printer::Print(const CreateFunction& statement) {
  Word("CREATE");
  If(statement.temporary, "TEMPORARY");
  If(statement.system, "SYSTEM");
  Word("FUNCTION");
  If(statement.if_not_exists, "IF NOT EXISTS");
  Path(statement.name);
  FunctionBody(statement.class_name, statement.language);
  If(!statement.resources.empty(), "USING");
  Separated(statement.resources, ",", [&](const Resource& resource) {
    Word(resource.jar ? "JAR" : "ARTIFACT");
    Quoted(resource.path);
  });
  With(statement.options);
}

void Printer::Print(const CreateModel& statement) {
  Word("CREATE");
  If(statement.temporary, "TEMPORARY");
  Word("MODEL");
  If(statement.if_not_exists, "IF NOT EXISTS");
  Path(statement.name);
  If(statement.input.has_value(), "INPUT");
  Schema(statement.input);
  If(statement.output.has_value(), "OUTPUT");
  Schema(statement.output);
  Comment(statement.comment);
  With(statement.options);
  if (!statement.query) return;
  Word("AS");
  PrintQuery(*statement.query);
}

void Printer::Print(const Drop& statement) {
  Word("DROP");
  If(statement.temporary, "TEMPORARY");
  If(statement.system, "SYSTEM");
  Word(ObjectKindText(statement.kind));
  If(statement.if_exists, "IF EXISTS");
  Path(statement.name);
  if (statement.cascade) Word(*statement.cascade ? "CASCADE" : "RESTRICT");
}

void Printer::Print(const Alter& statement) {
  Word("ALTER");
  Word(ObjectKindText(statement.kind));
  If(statement.if_exists, "IF EXISTS");
  Path(statement.name);
  Action(statement.action);
}

void Printer::Print(const AlterFunction& statement) {
  Word("ALTER");
  If(statement.temporary, "TEMPORARY");
  If(statement.system, "SYSTEM");
  Word("FUNCTION");
  If(statement.if_exists, "IF EXISTS");
  Path(statement.name);
  FunctionBody(statement.class_name, statement.language);
}

}  // namespace thalweg::sql
