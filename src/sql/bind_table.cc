// CREATE TABLE: its columns, watermark, key and options as a Table.
#include <algorithm>
#include <set>

#include "expr/functions.h"
#include "sql/binder.h"
#include "sql/parser.h"
#include "sql/print.h"
#include "sql/to_data_type.h"

namespace thalweg::sql {

using expr::Expression;
using types::DataType;
using types::TypeId;

namespace {

/// The table under construction, with where its parts stand.
class TableMaker {
 public:
  /// `text`: what the statement stands in; empty: nowhere.
  TableMaker(const CreateTable& statement, std::string_view text, const BindEnvironment& environment)
      : statement_(statement), text_(text), environment_(environment), binder_(environment) {}

  TablePtr Make() {
    table_.path = environment_.catalog.Resolve(statement_.name);
    table_.temporary = statement_.temporary;
    if (statement_.like) TakeLike(*statement_.like);
    if (statement_.elements) {
      for (const TableElement& element : *statement_.elements)
        if (auto* column = std::get_if<ColumnDefinition>(&element); column && column->kind != ColumnKind::kComputed)
          AddColumn(*column);
        else if (column)
          Reserve(*column);
      for (const TableElement& element : *statement_.elements)
        if (auto* column = std::get_if<ColumnDefinition>(&element); column && column->kind == ColumnKind::kComputed)
          Compute(*column);
      for (const TableElement& element : *statement_.elements) {
        if (auto* watermark = std::get_if<WatermarkDefinition>(&element)) SetWatermark(*watermark);
        if (auto* constraint = std::get_if<Constraint>(&element)) SetKey(*constraint, constraint->columns);
        if (auto* column = std::get_if<ColumnDefinition>(&element); column && column->constraint)
          SetKey(*column->constraint, {column->name.back()});
      }
    }
    if (!overwritten_.empty()) RebindOfSource();
    if (!text_.empty()) table_.place = QuoteAt(statement_.name[0].span.begin, text_);
    if (statement_.options) SetOptions(*statement_.options);
    if (statement_.comment) table_.comment = *statement_.comment;
    if (!statement_.partitioned_by.empty() && !table_.partitioned_by.empty())
      FailAt(statement_.partitioned_by[0].span.begin,
             "The base table already has partitions defined. You might want to specify EXCLUDING PARTITIONS.");
    for (const Identifier& column : statement_.partitioned_by) {
      if (table_.Find(column.text) < 0)
        FailAt(column.span.begin, fmt::format("Partition column '{}' not defined in the table schema", column.text));
      table_.partitioned_by.push_back(column.text);
    }
    return std::make_shared<const Table>(std::move(table_));
  }

 private:
  void SetOptions(const Options& options) {
    std::set<std::string> keys;
    for (const Option& option : options) {
      auto known = table_.options.find(option.key);
      if (keys.insert(option.key).second && known != table_.options.end() &&
          MergeOf(LikeFeature::kOptions) != LikeMerge::kOverwriting)
        FailAt(option.span.begin,
               fmt::format("There already exists an option ['{}' -> '{}'] in the base table. You might want to specify "
                           "EXCLUDING OPTIONS or OVERWRITING OPTIONS.",
                           option.key, known->second));
      table_.options[option.key] = option.value;
      if (!text_.empty()) table_.option_places[option.key] = QuoteAt(option.span.begin, text_);
    }
  }

  /// What LIKE says of a feature.
  LikeMerge MergeOf(LikeFeature feature) const {
    LikeMerge merge = feature == LikeFeature::kOptions ? LikeMerge::kOverwriting : LikeMerge::kIncluding;
    if (!statement_.like) return merge;
    for (const LikeOption& option : statement_.like->options)
      if (option.feature == LikeFeature::kAll) merge = option.merge;
    for (const LikeOption& option : statement_.like->options)
      if (option.feature == feature) merge = option.merge;
    return merge;
  }

  void TakeLike(const LikeClause& like) {
    std::set<LikeFeature> features;
    for (const LikeOption& option : like.options)
      if (!features.insert(option.feature).second)
        FailAt(like.source[0].span.begin, "Each like option feature can be declared only once.");
    const ObjectPath path = environment_.catalog.Resolve(like.source);
    TablePtr source = environment_.catalog.FindTable(path);
    if (!source) FailAt(like.source[0].span.begin, environment_.catalog.NoTable(path).message());
    if (source->is_view())
      FailAt(like.source[0].span.begin,
             fmt::format("Source table '{}' of the LIKE clause can not be a VIEW", path.ToString()));
    auto merges = [&](LikeFeature feature) { return MergeOf(feature) != LikeMerge::kExcluding; };
    std::vector<int> place(source->columns.size(), -1);
    auto keeps = [&](const TableColumn& column) {
      return !(column.kind == ColumnKind::kComputed && !merges(LikeFeature::kGenerated)) &&
             !(column.kind == ColumnKind::kMetadata && !merges(LikeFeature::kMetadata));
    };
    for (size_t i = 0, kept = 0; i < place.size(); ++i)
      if (keeps(source->columns[i])) place[i] = static_cast<int>(kept++);
    for (size_t i = 0; i < place.size(); ++i) {
      if (place[i] < 0) continue;
      TableColumn column = source->columns[i];
      if (column.computed) column.computed = Moved(*column.computed, place, like, column.name);
      if (column.time == TimeRole::kRowtime && !merges(LikeFeature::kWatermarks)) column.time = TimeRole::kNone;
      table_.columns.push_back(std::move(column));
    }
    columns_of_source_ = static_cast<int>(table_.columns.size());
    if (source->watermark && merges(LikeFeature::kWatermarks)) {
      table_.watermark = source->watermark;
      const std::string& time = source->columns[static_cast<size_t>(source->watermark->column)].name;
      table_.watermark->column = place[static_cast<size_t>(source->watermark->column)];
      if (table_.watermark->column < 0) FailLeftOut(like, "the watermark", time);
      table_.watermark->expression = Moved(source->watermark->expression, place, like, "the watermark");
    }
    if (merges(LikeFeature::kConstraints)) table_.primary_key_name = source->primary_key_name;
    if (merges(LikeFeature::kConstraints))
      for (int column : source->primary_key) table_.primary_key.push_back(place[static_cast<size_t>(column)]);
    if (merges(LikeFeature::kPartitions)) table_.partitioned_by = source->partitioned_by;
    if (merges(LikeFeature::kOptions)) table_.options = source->options;
    if (merges(LikeFeature::kOptions)) table_.option_places = source->option_places;
  }

  [[noreturn]] static void FailLeftOut(const LikeClause& like, std::string_view what, const std::string& column) {
    FailAt(like.source[0].span.begin, fmt::format("LIKE leaves out column '{}', which {} needs", column, what));
  }
  /// An expression of the source table over the columns that are left of it.
  Expression Moved(const Expression& e, const std::vector<int>& place, const LikeClause& like, std::string_view what) {
    for (int input : expr::InputsOf(e))
      if (place[static_cast<size_t>(input)] < 0)
        FailLeftOut(like, what,
                    environment_.catalog.FindTable(environment_.catalog.Resolve(like.source))
                        ->columns[static_cast<size_t>(input)]
                        .name);
    return expr::RemapInputs(e, place);
  }

  TableColumn& Reserve(const ColumnDefinition& definition) {
    const std::string& name = definition.name.back().text;
    const int known = table_.Find(name);
    if (known >= columns_of_source_ || overwritten_.contains(known))
      FailAt(definition.span.begin, fmt::format("A column named '{}' already exists in the table", name));
    TableColumn column{.name = name, .kind = definition.kind};
    if (definition.comment) column.comment = *definition.comment;
    if (known >= 0) {
      TableColumn& of_source = table_.columns[static_cast<size_t>(known)];
      CheckOverwrites(definition, of_source);
      overwritten_.insert(known);
      column.time = of_source.time;
      of_source = std::move(column);
      return of_source;
    }
    table_.columns.push_back(std::move(column));
    return table_.columns.back();
  }

  /// Whether a column may stand in the place of one that LIKE brings.
  void CheckOverwrites(const ColumnDefinition& definition, const TableColumn& of_source) const {
    const Position& at = definition.span.begin;
    if (definition.kind != ColumnKind::kComputed && definition.kind != ColumnKind::kMetadata)
      FailAt(at, fmt::format("A column named '{}' already exists in the base table.", of_source.name));
    const bool computed = definition.kind == ColumnKind::kComputed;
    if (of_source.kind != definition.kind)
      FailAt(at,
             fmt::format("A column named '{}' already exists in the base table. {} columns can only overwrite other {} "
                         "columns.",
                         of_source.name, computed ? "Computed" : "Metadata", computed ? "computed" : "metadata"));
    const std::string_view feature = computed ? "GENERATED" : "METADATA";
    if (MergeOf(computed ? LikeFeature::kGenerated : LikeFeature::kMetadata) != LikeMerge::kOverwriting)
      FailAt(at, fmt::format("A {} column named '{}' already exists in the base table. You might want to specify "
                             "EXCLUDING {} or OVERWRITING {}.",
                             computed ? "generated" : "metadata", of_source.name, feature, feature));
  }

  /// What LIKE brings may read columns that now are others, of other types.
  void RebindOfSource() {
    const Position& at = statement_.like->source[0].span.begin;
    auto parsed = [&](const std::string& source) { return OrFail(ParseExpression(source), at); };
    try {
      for (int i = 0; i < columns_of_source_; ++i) {
        TableColumn& column = table_.columns[static_cast<size_t>(i)];
        if (column.computed && !overwritten_.contains(i)) Compute(column, parsed(column.source));
      }
      if (!table_.watermark || declared_watermark_) return;
      const std::string& time = table_.columns[static_cast<size_t>(table_.watermark->column)].name;
      PutWatermark({.column = {Identifier{time, {}}}, .expr = parsed(table_.watermark->source)});
    } catch (const SyntaxError& error) {
      // The place is one of another text.
      FailAt(at, fmt::format("LIKE brings what does not fit the columns here: {}", error.message), error.hint);
    }
  }

  void AddColumn(const ColumnDefinition& definition) {
    if (definition.kind == ColumnKind::kNameOnly) FailAt(definition.span.begin, "A column needs a type");
    TableColumn& column = Reserve(definition);
    column.type = binder_.TypeOf(*definition.type);
    column.fixed_lengths = FixedLengths(*definition.type);
    if (definition.kind == ColumnKind::kMetadata) {
      column.metadata_key = definition.metadata_key.value_or(column.name);
      column.is_virtual = definition.is_virtual;
    }
  }

  /// The columns that an expression may name: all, or those that are not computed. Others keep their place without a name.
  Scope Columns(bool computed) {
    PlanColumns columns;
    for (const TableColumn& column : table_.columns) {
      const bool known = computed || column.kind != ColumnKind::kComputed;
      columns.push_back({known ? column.name : "", known ? column.type : DataType(TypeId::kNull), column.time});
    }
    Scope scope;
    scope.sources.push_back({table_.path.object, table_.path, 0, static_cast<int>(columns.size())});
    scope.plan = MakeValues(std::move(columns), {});
    return scope;
  }

  void Compute(const ColumnDefinition& definition) {
    Compute(table_.columns[static_cast<size_t>(table_.Find(definition.name.back().text))], definition.expr);
  }

  void Compute(TableColumn& column, const ExprPtr& expr) {
    const Scope scope = Columns(false);
    Expression e = binder_.BindExpr(*expr, {.scope = &scope, .clause = "a computed column"});
    column.type = e.type();
    if (column.time == TimeRole::kProctime) column.time = TimeRole::kNone;
    if (e.kind() == Expression::Kind::kCall && e.function().name == "PROCTIME") column.time = TimeRole::kProctime;
    column.computed = std::move(e);
    column.source = PrintPlain(*expr);
  }

  void SetWatermark(const WatermarkDefinition& definition) {
    const Position& at = definition.span.begin;
    if (declared_watermark_) FailAt(at, "Multiple WATERMARK statements is not supported yet");
    if (table_.watermark) {
      const std::string& time = table_.columns[static_cast<size_t>(table_.watermark->column)].name;
      if (definition.column.size() != 1 || definition.column[0].text != time)
        FailAt(at, "Multiple watermark definitions are not supported yet.",
               fmt::format("the base table has one for '{}': EXCLUDING WATERMARKS leaves it out", time));
      if (MergeOf(LikeFeature::kWatermarks) != LikeMerge::kOverwriting)
        FailAt(at,
               fmt::format("There already exists a watermark spec for column '{}' in the base table. You might want "
                           "to specify EXCLUDING WATERMARKS or OVERWRITING WATERMARKS.",
                           time));
    }
    PutWatermark(definition);
    declared_watermark_ = true;
  }

  void PutWatermark(const WatermarkDefinition& definition) {
    const std::string& name = definition.column.back().text;
    const int column = definition.column.size() == 1 ? table_.Find(name) : -1;
    if (column < 0)
      FailAt(definition.column.back().span.begin,
             fmt::format("The rowtime attribute field '{}' is not defined in the table schema", name));
    if (table_.columns[static_cast<size_t>(column)].time == TimeRole::kProctime)
      FailAt(definition.span.begin, "A watermark can not be defined for a processing-time attribute.");
    const DataType& type = table_.columns[static_cast<size_t>(column)].type;
    if ((type.id() != TypeId::kTimestamp && type.id() != TypeId::kTimestampLtz) || type.precision() > 3)
      FailAt(definition.span.begin,
             fmt::format(
                 "Invalid data type of time field for watermark definition. The field must be of type TIMESTAMP(p) or "
                 "TIMESTAMP_LTZ(p) and the supported precision 'p' is from 0 to 3, but the time field type is {}",
                 type.ToString()));
    const Scope scope = Columns(true);
    Expression e = binder_.BindExpr(*definition.expr, {.scope = &scope, .clause = "WATERMARK"});
    if (e.type().id() != type.id() || e.type().precision() > 3)
      FailAt(definition.expr->span.begin,
             fmt::format("Invalid data type of expression for watermark definition: {}, the time field is {}",
                         e.type().ToString(), type.ToString()));
    for (TableColumn& each : table_.columns)
      if (each.time == TimeRole::kRowtime) each.time = TimeRole::kNone;
    table_.columns[static_cast<size_t>(column)].time = TimeRole::kRowtime;
    table_.watermark = TableWatermark{column, std::move(e), PrintPlain(*definition.expr)};
  }

  void SetKey(const Constraint& constraint, const std::vector<Identifier>& columns) {
    if (constraint.kind == ConstraintKind::kUnique)
      FailAt(constraint.span.begin, "UNIQUE constraint is not supported yet");
    if (constraint.enforced.value_or(true))
      FailAt(constraint.span.begin,
             "PRIMARY KEY constraint is in ENFORCED mode. The engine does not own the data: say PRIMARY KEY ... NOT "
             "ENFORCED");
    if (declared_key_) FailAt(constraint.span.begin, "Duplicate primary key definition");
    if (!table_.primary_key.empty())
      FailAt(constraint.span.begin,
             "The base table already has a primary key. You might want to specify EXCLUDING CONSTRAINTS.");
    std::string name_of_key;
    declared_key_ = true;
    for (const Identifier& name : columns) {
      const int column = table_.Find(name.text);
      if (column < 0)
        FailAt(name.span.begin, fmt::format("Primary key column '{}' is not defined in the schema", name.text));
      if (std::find(table_.primary_key.begin(), table_.primary_key.end(), column) != table_.primary_key.end())
        FailAt(name.span.begin, fmt::format("Primary key has column '{}' twice", name.text));
      TableColumn& key = table_.columns[static_cast<size_t>(column)];
      if (key.kind != ColumnKind::kPhysical)
        FailAt(name.span.begin,
               fmt::format("Could not create a PRIMARY KEY with column '{}': a key is of physical columns", name.text));
      key.type = key.type.WithNullable(false);
      table_.primary_key.push_back(column);
      name_of_key += (name_of_key.empty() ? "PK_" : "_") + name.text;
    }
    table_.primary_key_name = constraint.name ? constraint.name->text : name_of_key;
  }

  const CreateTable& statement_;
  const std::string_view text_;
  const BindEnvironment& environment_;
  Binder binder_;
  Table table_;
  bool declared_watermark_ = false;
  bool declared_key_ = false;
  int columns_of_source_ = 0;  // those that LIKE brings come first
  std::set<int> overwritten_;  // of them
};

}  // namespace

Result<TablePtr> BindTable(const CreateTable& statement, std::string_view text, const BindEnvironment& environment) {
  try {
    return TableMaker(statement, text, environment).Make();
  } catch (const SyntaxError& error) {
    return RenderSyntaxError(error, text);
  }
}

}  // namespace thalweg::sql
