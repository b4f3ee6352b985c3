#include "connectors/file_partitions.h"
#include "testing/fuzz.h"

namespace thalweg::connectors {
namespace {

using types::DataType;
using types::TypeId;

/// A key of each kind of type that makes names.
const FilePartitions& EveryKindOfKey() {
  static const FilePartitions& partitions = *new FilePartitions{{{"s", DataType(TypeId::kString)},
                                                                 {"b", DataType(TypeId::kBoolean)},
                                                                 {"i", DataType(TypeId::kTinyInt)},
                                                                 {"l", DataType(TypeId::kBigInt)},
                                                                 {"f", DataType(TypeId::kDouble)},
                                                                 {"d", DataType::Decimal(10, 2)},
                                                                 {"dt", DataType(TypeId::kDate)},
                                                                 {"ts", DataType::Timestamp(3)}}};
  return partitions;
}

constexpr const char* kWholePath = "s=a%2Fb/b=true/i=-8/l=9/f=1.5/d=3.25/dt=2024-01-31/ts=2024-01-31T08%3A00/part-0";
constexpr const char* kOtherOrder =
    "dt=0001-01-01/ts=x/s=__DEFAULT_PARTITION__/b=/i=128/l=%4/f=NaN/d=1e3/deep/x=1/part";

/// The folder of one row with one text.
std::string FolderOf(const FilePartitions& partitions, std::string_view text) {
  columns::BufferPool pool;
  columns::BatchBuilder builder(types::Schema(partitions.keys), pool, 1);
  builder.column(0).AppendString(text);
  builder.FinishRow();
  std::string folder;
  AppendPartitionFolder(partitions, builder.Take(), {0}, 0, folder);
  return folder;
}

}  // namespace

// Whatever a text holds, its folder is one, and says it.
FUZZ_TARGET(PartitionOfAText, "2024-01-31 08:00", "a/b=c%d", "", "__DEFAULT_PARTITION__", "größe 東京 }~.+", "..") {
  const FilePartitions partitions{{{"dt", DataType(TypeId::kString)}}};
  const std::string folder = FolderOf(partitions, input);
  THALWEG_CHECK(folder.find('/') + 1 == folder.size() && folder.find('\0') == std::string::npos);
  auto values = PartitionOfPath(partitions, folder + "part-0.json");
  THALWEG_CHECK(values.ok(), "{}", values.status().ToString());
  const PartitionText expected =
      input.empty() || input == partitions.default_name ? PartitionText() : PartitionText(input);
  THALWEG_CHECK((*values)[0] == expected);
}

// Any path is an error, or values of which each is an error or one of its type, whose own folder says the same.
FUZZ_TARGET(PartitionOfAPath, kWholePath, kOtherOrder) {
  const FilePartitions& partitions = EveryKindOfKey();
  auto texts = PartitionOfPath(partitions, input);
  if (!texts.ok()) return;
  columns::BufferPool pool;
  columns::BatchBuilder builder(types::Schema(partitions.keys), pool, 1);
  std::vector<int> places;
  for (size_t key = 0; key < partitions.keys.size(); ++key) {
    places.push_back(static_cast<int>(key));
    columns::ColumnBuilder& column = builder.column(static_cast<int>(key));
    if (!AppendPartitionValue(partitions.keys[key], (*texts)[key], column).ok()) column.AppendNull();
  }
  builder.FinishRow();
  std::string folder;
  AppendPartitionFolder(partitions, builder.Take(), places, 0, folder);
  auto again = PartitionOfPath(partitions, folder + "part-0");
  THALWEG_CHECK(again.ok(), "{}", again.status().ToString());
  for (size_t key = 0; key < places.size(); ++key)
    if ((*again)[key]) {
      columns::ColumnBuilder value(partitions.keys[key].type, pool);
      const Status status = AppendPartitionValue(partitions.keys[key], (*again)[key], value);
      THALWEG_CHECK(status.ok(), "{}", status.ToString());
    }
}

}  // namespace thalweg::connectors
