#include "sql/printer.h"

namespace thalweg::sql {
namespace {

std::string_view KindText(TypeKind kind) {
  switch (kind) {
    case TypeKind::kBoolean: return "BOOLEAN";
    case TypeKind::kTinyInt: return "TINYINT";
    case TypeKind::kSmallInt: return "SMALLINT";
    case TypeKind::kInt: return "INT";
    case TypeKind::kBigInt: return "BIGINT";
    case TypeKind::kFloat: return "FLOAT";
    case TypeKind::kDouble: return "DOUBLE";
    case TypeKind::kDecimal: return "DECIMAL";
    case TypeKind::kChar: return "CHAR";
    case TypeKind::kVarChar: return "VARCHAR";
    case TypeKind::kString: return "STRING";
    case TypeKind::kBinary: return "BINARY";
    case TypeKind::kVarBinary: return "VARBINARY";
    case TypeKind::kBytes: return "BYTES";
    case TypeKind::kDate: return "DATE";
    case TypeKind::kTime: return "TIME";
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz: return "TIMESTAMP";
    case TypeKind::kTimestampLtz: return "TIMESTAMP_LTZ";
    case TypeKind::kInterval: return "INTERVAL";
    case TypeKind::kArray: return "ARRAY";
    case TypeKind::kMap: return "MAP";
    case TypeKind::kMultiset: return "MULTISET";
    case TypeKind::kRow: return "ROW";
    case TypeKind::kStructured: return "STRUCTURED";
    case TypeKind::kRaw: return "RAW";
    case TypeKind::kVariant: return "VARIANT";
    case TypeKind::kBitmap: return "BITMAP";
    case TypeKind::kNull: return "NULL";
    case TypeKind::kDescriptor: return "DESCRIPTOR";
    case TypeKind::kUserDefined: return "";
  }
  return "";
}

std::string_view UnitText(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kYear: return "YEAR";
    case TimeUnit::kQuarter: return "QUARTER";
    case TimeUnit::kMonth: return "MONTH";
    case TimeUnit::kWeek: return "WEEK";
    case TimeUnit::kDay: return "DAY";
    case TimeUnit::kHour: return "HOUR";
    case TimeUnit::kMinute: return "MINUTE";
    case TimeUnit::kSecond: return "SECOND";
  }
  return "";
}

}  // namespace

void Printer::Qualifier(const IntervalQualifier& qualifier) {
  Word(UnitText(qualifier.from));
  if (qualifier.precision && qualifier.fraction && !qualifier.to) {
    Raw(fmt::format("({}, {})", *qualifier.precision, *qualifier.fraction));
  } else if (qualifier.precision) {
    Raw(fmt::format("({})", *qualifier.precision));
  }
  if (!qualifier.to) return;
  Word("TO");
  Word(UnitText(*qualifier.to));
  if (qualifier.fraction) Raw(fmt::format("({})", *qualifier.fraction));
}

void Printer::Type(const TypeSpec& type) {
  if (type.kind == TypeKind::kUserDefined) {
    Path(type.name);
  } else {
    Word(KindText(type.kind));
  }
  if (type.interval) Qualifier(*type.interval);
  if (type.scale) {
    Raw(fmt::format("({}, {})", *type.precision, *type.scale));
  } else if (type.precision) {
    Raw(fmt::format("({})", *type.precision));
  }
  If(type.kind == TypeKind::kTimestampTz, "WITH TIME ZONE");
  if (!type.arguments.empty()) {
    Raw("<");
    Separated(type.arguments, ", ", [&](const TypePtr& argument) { Type(*argument); });
    Raw(">");
  }
  if (type.kind == TypeKind::kRaw) {
    Raw("(");
    Quoted(type.class_name);
    Raw(", ");
    Quoted(type.serializer);
    Raw(")");
  }
  if (type.kind == TypeKind::kRow || type.kind == TypeKind::kStructured) {
    bool named = type.kind == TypeKind::kStructured || type.fields.empty() || !type.fields[0].name.text.empty();
    Raw(named ? "<" : "(");
    if (type.kind == TypeKind::kStructured) Quoted(type.class_name);
    if (type.kind == TypeKind::kStructured && !type.fields.empty()) Raw(", ");
    Separated(type.fields, ", ", [&](const TypeField& field) {
      if (!field.name.text.empty()) Identifier(field.name);
      Type(*field.type);
      if (field.comment) Quoted(*field.comment);
    });
    Raw(named ? ">" : ")");
  }
  If(!type.nullable, "NOT NULL");
}

}  // namespace thalweg::sql
